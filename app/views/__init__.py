"""Screens. `register` binds every one of them; none enters the framework's own menu."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import current_app

SCREENS = (
    # One module a line, in the order in which they are bound: related lists name screens bound before them.
    "accounts",
    "account_batches",
    "first_passwords",
    "own_account",
    "recovery",
    "roles",
    "saved_filters",
    "organisations",
    "grants",
    "school_changes",
    "people",
    "teacher_grid",
    "transfers",
    "transfer_pages",
    "change_requests",
    "my_record",
    "teacher_quality",
    "teacher_statistics",
    "reference",
    "declarations",
    "programme_review",
    "programmes",
    "enrollments",
    "rosters",
    "classes",
    "catalogue",
    "enrollment_pages",
    "review_inboxes",
    "proxy",
    "draws",
    "adjustments",
    "lookalikes",
    "public",
    "calendar",
    "calendar_page",
    "gallery",
    "imports",
    "inbox",
    "jobs",
    "operation",
    "parameters",
    "search",
)


def register(builder: Any) -> None:
    """Register all screens; a screen that is not here does not exist."""
    from app.views import sign_in

    builder.sm.auth_view = builder.add_view_no_menu(sign_in.SignInView)
    demo = ("demo_clock",) if current_app.config["SETTINGS"].DEMO else ()
    for name in (*SCREENS, *demo):
        for view in import_module(f"app.views.{name}").VIEWS:
            builder.add_view_no_menu(view)
