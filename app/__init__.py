"""The application: one line per part, in order."""

from __future__ import annotations

from typing import Any

from flask import Flask

from app import postgresql, sqlite  # noqa: F401 - what each of them needs of every connection
from app.extensions import csrf, db, migrate
from config import flask_config, load_settings


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """Return the application. `overrides` are settings of config.py; raises SettingError naming a wrong one."""
    app = Flask(__name__)
    app.config.update(flask_config(load_settings(overrides)))
    _logs(app)
    _database(app)
    _framework(app)
    _jobs(app)
    _edge(app)
    _commands(app)
    return app


def _logs(app: Flask) -> None:
    from app.web import logs

    logs.configure(app.config["SETTINGS"].LOG_LEVEL)


def _database(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, render_as_batch=True, compare_type=True)
    csrf.init_app(app)


def _framework(app: Flask) -> None:
    """Bind the framework; a new `AppBuilder` each time, for it keeps its views."""
    from app import api, models
    from app.security import rules
    from app.services import checks, enrollment_notices, programme_notices, programme_waiting, seats, teacher_search
    from app.views import register
    from app.views.fab.builder import PlatformBuilder
    from app.web.security_manager import PlatformSecurityManager

    # Imported so that tables, scope rules, checks, listeners, counts and the index of names are registered.
    del models, rules, checks, enrollment_notices, programme_notices, programme_waiting, seats, teacher_search
    with app.app_context():
        builder = PlatformBuilder(security_manager_class=PlatformSecurityManager)
        builder.init_app(app, db.session)
        register(builder)
        api.register(builder)


def _jobs(app: Flask) -> None:
    from app.jobs import queue

    queue.init_app(app)


def _edge(app: Flask) -> None:
    from app.web import demo_clock, errors, frame, health, kit, requests

    app.register_blueprint(health.blueprint)
    demo_clock.init_app(app)
    requests.init_app(app)
    errors.init_app(app)
    kit.init_app(app)
    frame.init_app(app)
    hops = app.config["SETTINGS"].PROXY_HOPS
    if hops:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _commands(app: Flask) -> None:
    from app import cli

    cli.init_app(app)
