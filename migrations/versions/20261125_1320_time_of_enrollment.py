"""The comment of a column says what it holds: the time somebody enrolled.

Revision ID: time_of_enrollment
Revises: demo_clock
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "time_of_enrollment"
down_revision = "demo_clock"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write the new comment."""
    _comment("Time of enrollment", "Enrolled")


def downgrade() -> None:
    """Write the old one."""
    _comment("Enrolled", "Time of enrollment")


def _comment(new: str, old: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column(
            "enrollment", "enrolled_at", existing_type=sa.DateTime(timezone=True), existing_nullable=False,
            comment=new, existing_comment=old,
        )  # fmt: skip
