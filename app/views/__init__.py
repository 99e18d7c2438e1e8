"""Screens. `register` binds every one of them; none enters the framework's own menu."""

from __future__ import annotations

from typing import Any


def register(builder: Any) -> None:
    """Register all screens; a screen that is not here does not exist."""
    from app.views import (
        accounts,
        calendar,
        gallery,
        grants,
        inbox,
        jobs,
        operation,
        organisations,
        parameters,
        people,
        reference,
        sign_in,
    )

    builder.sm.auth_view = builder.add_view_no_menu(sign_in.SignInView)
    for module in (
        accounts,
        calendar,
        gallery,
        grants,
        inbox,
        jobs,
        operation,
        organisations,
        parameters,
        people,
        reference,
    ):
        for view in module.VIEWS:
            builder.add_view_no_menu(view)
