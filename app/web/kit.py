"""What the templates of the interface may call: addresses of files, controls, looks, deadlines (docs/interface.md)."""

from __future__ import annotations

from flask import Flask
from flask_babel import get_locale

from app.web import appearance, assets, controls


def init_app(app: Flask) -> None:
    """Register the functions of the kit."""
    assets.init_app(app)
    app.jinja_env.globals.update(
        control=controls.control,
        kind_of=controls.kind_of,
        is_wide=controls.is_wide,
        look=appearance.look,
        pill_for=appearance.pill_of,
        deadline=appearance.deadline,
        page_language=page_language,
    )
    app.jinja_env.filters.update(moment=appearance.moment, day=appearance.day)


def page_language() -> str:
    """Return the language of the page as `<html lang>` has it."""
    locale = get_locale()
    return "zh-CN" if locale is None or locale.language == "zh" else locale.language
