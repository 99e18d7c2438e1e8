"""evaluations of classes; when a school was reminded of an enrollment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "evaluation"
down_revision = "teacher_quality"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evaluation",
        sa.Column("enrollment_id", sa.Integer(), nullable=False, comment="Enrollment"),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False, comment="Submitted"),
        sa.Column("is_late", sa.Boolean(), nullable=False, comment="Evaluated late"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name=op.f("fk_evaluation_enrollment_id_enrollment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation")),
        sa.UniqueConstraint("enrollment_id", name=op.f("uq_evaluation_enrollment_id")),
    )
    op.add_column(
        "enrollment", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True, comment="School reminded")
    )


def downgrade() -> None:
    op.drop_column("enrollment", "reminded_at")
    op.drop_table("evaluation")
