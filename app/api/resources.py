"""The read resources: one for every generated screen, with the columns, filters and permission declared there.

So whatever can be listed on a screen can be read by a program, and nothing else. `id`, `version` and the times are
added, for programs need them; protected columns are left out even where a screen shows them masked (OPS-3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from app.api.base import ResourceApi
from app.api.shapes import may_be_shown
from app.views.fab import RecordView
from app.views.fab.columns import property_of

ALWAYS = ("id", "version", "created_at", "updated_at")


def resources_of(views: Iterable[Any]) -> list[type[ResourceApi]]:
    """Return a resource class for each entity that has a generated screen; the first screen of an entity counts."""
    made: dict[str, type[ResourceApi]] = {}
    for view in views:
        if isinstance(view, RecordView) and view.model.__name__ not in made:
            made[view.model.__name__] = resource_of(view)
    return list(made.values())


def resource_of(view: RecordView) -> type[ResourceApi]:
    """Return the resource of a screen."""
    model, name = view.model, view.model.__name__
    members = {
        "__doc__": f"Rows of {name} within scope.",
        "model": model,
        "filters": tuple(view.filters),
        "resource_name": path_of(name),
        "class_permission_name": view.resource,
        "method_permission_name": dict.fromkeys(("get", "get_list", "info"), view.method_permission_name["list"]),
        "list_columns": columns_of(model, view.list_columns),
        "show_columns": columns_of(model, [*view.list_columns, *view.show_columns]),
        "order_columns": [n for n in columns_of(model, view.order_columns) if n != "id"],
    }
    return type(f"{name}Api", (ResourceApi,), members)


def columns_of(model: type[Any], names: Iterable[str]) -> list[str]:
    """Return `names` that may be shown, each once, behind those every resource has."""
    wanted = dict.fromkeys([*(n for n in ALWAYS if property_of(model, n) is not None), *names])
    return [name for name in wanted if may_be_shown(model, name)]


def path_of(name: str) -> str:
    """Return `TrainingYear` as `training-year`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
