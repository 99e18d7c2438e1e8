"""How far a demo's clock runs ahead.

Revision ID: demo_clock
Revises: transfers
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "demo_clock"
down_revision = "transfers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "demo_clock",
        sa.Column("seconds", sa.Integer(), nullable=False, comment="Seconds ahead"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demo_clock")),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("demo_clock")
