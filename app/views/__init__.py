"""Screens. `register` binds every one of them; none enters the framework's own menu."""

from __future__ import annotations

from typing import Any


def register(builder: Any) -> None:
    """Register all screens; a screen that is not here does not exist."""
    from app.views import (
        account_batches,
        accounts,
        calendar,
        classes,
        enrollments,
        first_passwords,
        gallery,
        grants,
        inbox,
        jobs,
        operation,
        organisations,
        own_account,
        parameters,
        people,
        programmes,
        recovery,
        reference,
        roles,
        school_changes,
        sign_in,
    )

    own = (accounts, account_batches, first_passwords, own_account, recovery, roles)
    training = (programmes, classes, enrollments)

    builder.sm.auth_view = builder.add_view_no_menu(sign_in.SignInView)
    places = (organisations, grants, school_changes, people, reference)
    modules = (*own, *places, *training, calendar, gallery, inbox, jobs, operation, parameters)
    for module in modules:
        for view in module.VIEWS:
            builder.add_view_no_menu(view)
