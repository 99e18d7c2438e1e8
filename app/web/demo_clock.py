"""The demo's clock at the edge: asked at the beginning of all work, shown in a bar, and kept from ending sessions.

Nothing of this is registered unless the setting DEMO is on.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, appcontext_pushed, current_app, session, url_for
from flask_babel import gettext as _

from app.domain.clock import local, now
from app.security.actor import Actor
from app.services import demo_clock
from app.views.fab.columns import text_of

CLOCK = "clock"  # in the session: how far the clock ran ahead when its times were written
STAMPS = ("seen", "began")


def init_app(app: Flask) -> None:
    """Let the demo's clock tell the time, if this is a demo."""
    if not app.config["SETTINGS"].DEMO:
        return
    demo_clock.install()
    appcontext_pushed.connect(_refresh, app)
    app.before_request(_carry_session)


def _refresh(_app: Flask, **_more: Any) -> None:
    demo_clock.refresh()


def _carry_session() -> None:
    """Move the times of a session along with the clock, so that a jump signs nobody out."""
    ahead = demo_clock.seconds_ahead()
    moved = ahead - session.get(CLOCK, ahead)
    if moved:
        session.update({name: session[name] + moved for name in STAMPS if name in session})
    if session.get(CLOCK) != ahead:
        session[CLOCK] = ahead


def bar(actor: Actor) -> dict[str, Any] | None:
    """Return what the bar shows: the time, the stops of the year, and to who may the buttons; None outside a demo."""
    if not current_app.config["SETTINGS"].DEMO or not actor.signed_in:
        return None
    found = demo_clock.journey()
    return {
        "moment": f"{local(now()):%Y-%m-%d %H:%M}",
        "ahead": demo_clock.seconds_ahead() > 0,
        "may": actor.may("edit", "Calendar"),
        "batch": str(found.batch) if found else _("The year has been walked to its end."),
        "stops": [_stop(halt, found) for halt in found.stops] if found else [],
        "next": {"value": found.next.stop.value, "label": text_of(found.next.stop)} if found else None,
        "jump": url_for("DemoClockPage.jump"),
        "back": url_for("DemoClockPage.back"),
    }


def _stop(halt: Any, found: Any) -> dict[str, Any]:
    at = "now" if found.here == halt else "coming" if halt.moment > now() else "done"
    return {"label": text_of(halt.stop), "state": at, "moment": f"{local(halt.moment):%m-%d}"}
