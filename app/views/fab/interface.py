"""The framework's data access, narrowed to the actor's rows.

Without this its single-row look-ups by actions, choices and foreign keys ignore the view's filters (docs/scope.md).
"""

from __future__ import annotations

from typing import Any

from flask_appbuilder.models.filters import BaseFilterConverter
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Select, func, select

from app.security.scope import fetch_visible, visible_clause
from app.web.actors import current_actor


class NoFilters(BaseFilterConverter):
    """None of the framework's own filters: ours are declared (`views/fab/filters.py`), its stay on a shared view."""

    conversion_table = ()

    def convert(self, col_name: str) -> list[Any]:
        """Return no filter for any column."""
        return []


class ScopedInterface(SQLAInterface):
    """Reads only visible rows. Writing goes through services, never through here."""

    filter_converter_class = NoFilters

    def statement(self, conditions: list[Any]) -> Select[Any]:
        """Return the SELECT of the visible rows that meet `conditions`."""
        return select(self.obj).where(visible_clause(self.obj, current_actor()), *conditions)

    def count(self, statement: Select[Any]) -> int:
        """Return how many rows a statement has; `count(*)`, which an index alone can answer."""
        bare = statement.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
        return int(self.session.scalar(bare) or 0)

    def get(self, id: Any, filters: Any = None, select_columns: Any = None) -> Any:  # noqa: A002 - the framework's name
        """Return the visible row with this key; raises NotVisible otherwise."""
        return fetch_visible(self.obj, id, actor=current_actor())

    def add(self, item: Any, commit: bool = True) -> None:
        """Refuse: rows are written by services."""
        raise TypeError("rows are written by app.services.records")

    edit = delete = delete_all = add
