"""Saved filters; an index that answers the pages of teacher lists by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "saved_filters"
down_revision = "teacher_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("account_id", sa.Integer(), nullable=False, comment="Account"),
        sa.Column("list_name", sa.String(length=64), nullable=False, comment="List"),
        sa.Column("name", sa.String(length=50), nullable=False, comment="Name"),
        sa.Column("query", sa.String(length=1000), nullable=False, comment="Filters"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ab_user.id"], name=op.f("fk_saved_filter_account_id_ab_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("account_id", "list_name", "name", name="uq_saved_filter_name"),
    )
    op.drop_index("ix_teacher_school_id_status", "teacher")
    op.create_index("ix_teacher_present", "teacher", ["school_id", "status", "deleted_at", "teacher_number"])


def downgrade() -> None:
    op.drop_index("ix_teacher_present", "teacher")
    op.create_index("ix_teacher_school_id_status", "teacher", ["school_id", "status"])
    op.drop_table("saved_filter")
