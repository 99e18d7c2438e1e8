"""What every page shows around its content: menu, person, language, theme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from flask import Blueprint, Flask, g, jsonify, redirect, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from app.domain.calendar import Phase, Timing
from app.domain.clock import local, now
from app.models import BatchWindow
from app.security.actor import Actor
from app.services.calendar import phase_for, windows_now
from app.services.notifications import unread_count
from app.views.fab.columns import cell_of, text_of
from app.views.fab.pages import safe_next
from app.views.help import help_line, named
from app.views.menu import menu_for
from app.web import demo_clock
from app.web.actors import current_actor, who_has_signed_in
from app.web.appearance import remaining
from app.web.i18n import LANGUAGES, choose_language, role_label, sentence, translate

blueprint = Blueprint("session", __name__)
THEMES = ("light", "dark")
YEAR = 365 * 24 * 3600  # seconds


def init_app(app: Flask) -> None:
    """Register the frame for every template."""
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"frame": frame()})
    app.jinja_env.filters.update(cell=cell_of, text=text_of, sentence=sentence, translated=translate)
    app.jinja_env.globals["app_version"] = "0.1.0"


def frame() -> dict[str, Any]:
    """Return the frame of this request; worked out once."""
    if "frame" not in g:
        actor = current_actor()
        menu = menu_for(actor, request.path) if actor.signed_in else []
        g.frame = {
            "menu": menu,
            "crumbs": _crumbs(menu),
            **(_year(actor) if actor.signed_in else {}),
            "person": _person(),
            "unread": unread_count(actor.account_id),
            "language": str(get_locale() or "zh")[:2],
            "languages": list(LANGUAGES.items()),
            "theme": _theme(),
            "urls": _urls(),
            "demo_clock": demo_clock.bar(actor),
        }
    return dict(g.frame)


def _crumbs(menu: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Return where the breadcrumb begins: a group of the menu, else the home page; nowhere on the home page."""
    home = url_for("HomeView.index")
    if not menu or request.path == home:
        return []
    groups = [group["label"] for group in menu if any(item["active"] for item in group["items"])]
    return [(groups[0], None)] if groups else [(_("Home"), home)]


def _year(actor: Actor) -> dict[str, Any]:
    """Return what the year says to this page: the phase of the top bar and the line under the title."""
    windows = windows_now()
    phase = phase_for(actor.parties, windows, now())
    return {"phase": _phase(phase, windows) if phase else None, "help": help_line(request.endpoint or "", windows)}


def _phase(phase: Phase, windows: Sequence[BatchWindow]) -> dict[str, str]:
    """Return the chip of the top bar: 一轮报名 · 还剩 3 天."""
    coming = phase.timing is Timing.UPCOMING
    return {
        "label": named(cast(BatchWindow, phase.window), windows),
        "remaining": remaining(phase.remaining, until=coming),
        "moment": f"{local(phase.window.opens_at if coming else phase.window.closes_at):%Y-%m-%d %H:%M}",
        "url": url_for("CalendarPage.index"),
    }


def _person() -> dict[str, Any] | None:
    person = who_has_signed_in()
    if person is None:
        return None
    return {
        "name": person.nickname or person.name,
        "username": person.username,
        "roles": [role_label(name) for name in sorted(person.roles)],
        "organisation": person.organisation,
        "account_id": person.id,
    }


def _theme() -> str:
    chosen = request.cookies.get("theme", "light")
    return chosen if chosen in THEMES else "light"


def _urls() -> dict[str, str]:
    return {
        "home": url_for("HomeView.index"),
        "search": url_for("SearchPage.index"),
        "suggest": url_for("SearchPage.suggest"),
        "inbox": url_for("InboxMessageView.list"),
        "inbox_latest": url_for("InboxMessageView.latest"),
        "sign_in": url_for("SignInView.login"),
        "sign_out": url_for("SignInView.logout"),
        "change_password": url_for("AccountPage.change_password"),
        "my_account": url_for("AccountPage.index"),
        "language": url_for("session.language"),
        "theme": url_for("session.theme"),
        "alive": url_for("session.alive"),
        "sign_in_again": url_for("SignInView.again"),
    }


@blueprint.get("/session/alive")
def alive() -> Any:
    """Tell a page that is about to send a form whether its session lives, and give it a fresh token (ACC-9)."""
    actor = current_actor()
    return jsonify(alive=actor.signed_in, account_id=actor.account_id, csrf_token=generate_csrf())


@blueprint.post("/session/language")
def language() -> Any:
    """Change the language of this visitor."""
    choose_language(request.form.get("language", ""))
    return redirect(safe_next(url_for("HomeView.index")))


@blueprint.post("/session/theme")
def theme() -> Any:
    """Remember light or dark."""
    response = redirect(safe_next(url_for("HomeView.index")))
    wanted = request.form.get("theme", "")
    if wanted in THEMES:
        response.set_cookie("theme", wanted, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response
