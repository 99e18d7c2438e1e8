"""permission changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "permission_changes"
down_revision = "inbox"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "permission_change",
        sa.Column("role_id", sa.Integer(), nullable=False, comment="Role"),
        sa.Column("verb", sa.String(length=32), nullable=False, comment="Act"),
        sa.Column("resource", sa.String(length=64), nullable=False, comment="What it is about"),
        sa.Column("held", sa.Boolean(), nullable=False, comment="Held"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.ForeignKeyConstraint(
            ["role_id"], ["ab_role.id"], name=op.f("fk_permission_change_role_id_ab_role"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission_change")),
        sa.UniqueConstraint("role_id", "verb", "resource", name=op.f("uq_permission_change_role_id_verb_resource")),
    )


def downgrade() -> None:
    op.drop_table("permission_change")
