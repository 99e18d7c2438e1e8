"""What every table shares: identity, times, the version that notices a concurrent change, and labelled columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import DateTime, Dialect, Enum, ForeignKey, Integer
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from app.domain.clock import now
from app.domain.text import N_, LabelledEnum


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database on both kinds."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone; store the rest as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored moment as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def column(label: str, *args: Any, about: str | None = None, protected: bool = False, **options: Any) -> Mapped[Any]:
    """Declare a column with the label people read, optional help text, and whether its value is `protected` (OPS-3).

    The label serves forms, lists, exports, messages and the API documentation; it is the column's comment too.
    """
    info = {"label": label, "about": about, "protected": protected}
    return mapped_column(*args, info=info, comment=label, **options)


def enum_column(label: str, kind: type[LabelledEnum], **options: Any) -> Mapped[Any]:
    """Declare a column that holds the value of a `LabelledEnum`, with a CHECK that nothing else gets in."""
    stored = Enum(
        kind,
        native_enum=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        create_constraint=True,
        name=kind.__name__.lower(),
        validate_strings=True,
    )
    return column(label, stored, **options)


def reference(label: str, target: str, *, index: bool = True, **options: Any) -> Mapped[Any]:
    """Declare an indexed foreign key to `target` ("table.column")."""
    rules = {name: options.pop(name) for name in ("ondelete",) if name in options}
    return column(label, ForeignKey(target, **rules), index=index, **options)


class Record(Model):
    """The base of every table of ours.

    `version` counts the changes: a form that was opened on an older one is refused, never overwrites (ACC-9).
    """

    __abstract__ = True
    __label__ = N_("Record")

    id: Mapped[int] = column(N_("Number"), Integer, primary_key=True)
    created_at: Mapped[datetime] = column(N_("Created"), UtcDateTime, default=now, nullable=False)
    updated_at: Mapped[datetime] = column(N_("Last changed"), UtcDateTime, default=now, onupdate=now, nullable=False)
    version: Mapped[int] = column(N_("Version"), Integer, nullable=False, default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        """Let every UPDATE ask for the version it read."""
        return {"version_id_col": cls.__table__.c.version} if "__table__" in cls.__dict__ else {}

    def __str__(self) -> str:
        """Return what names the row to a person."""
        return str(getattr(self, "name", None) or getattr(self, "title", None) or self.id)

    __repr__ = __str__
