"""The REST API (OPS-6): what every screen lists can be read, and the acts of the flows are explicit commands."""

from __future__ import annotations

from typing import Any


def register(builder: Any) -> None:
    """Register sign-in, commands, documentation, a read resource for every generated screen, numbers."""
    from app.api import bearer, commands, documentation, resources, session, teacher_numbers

    builder.sm.lm.request_loader(bearer.load_by_token)
    builder.add_api(session.SessionApi)
    builder.add_api(commands.CommandApi)
    for resource in resources.resources_of(builder.baseviews):
        builder.add_api(resource)
    builder.add_api(teacher_numbers.TeacherStatisticsApi)
    builder.add_api(teacher_numbers.TeacherQualityApi)
    builder.add_api(documentation.PlatformOpenApi)
    builder.add_view_no_menu(documentation.ApiPage)
