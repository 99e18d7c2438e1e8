"""What the ID number says beside the record, subjects by stage, indexes for the board of data quality."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "teacher_quality"
down_revision = "add_imports"
branch_labels = None
depends_on = None

FAULTY = sa.text(
    "national_id_key IS NULL OR birth_date IS NULL OR mobile IS NULL OR stage_id IS NULL OR subject_id IS NULL"
    " OR post_category_id IS NULL OR title_id IS NULL OR birth_date != id_birth_date OR gender != id_gender"
)
PRESENT = ["school_id", "status", "deleted_at", "teacher_number"]


def upgrade() -> None:
    op.add_column("teacher", sa.Column("id_birth_date", sa.Date(), nullable=True, comment="Birth date of the ID"))
    op.add_column("teacher", sa.Column("id_gender", sa.String(length=8), nullable=True, comment="Gender of the ID"))
    op.create_table(
        "subject_stage",
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subject.id"], name=op.f("fk_subject_stage_subject_id_subject"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name=op.f("fk_subject_stage_stage_id_stage")),
        sa.PrimaryKeyConstraint("subject_id", "stage_id", name=op.f("pk_subject_stage")),
    )
    op.create_index("ix_subject_stage_stage_id", "subject_stage", ["stage_id"])
    op.drop_index("ix_teacher_present", "teacher")
    op.create_index("ix_teacher_present", "teacher", [*PRESENT, "subject_id"])
    op.drop_index("ix_teacher_mobile", "teacher")
    op.create_index("ix_teacher_mobile", "teacher", ["mobile", "deleted_at"])
    op.create_index("ix_teacher_faulty", "teacher", ["school_id"], sqlite_where=FAULTY, postgresql_where=FAULTY)


def downgrade() -> None:
    op.drop_index("ix_teacher_faulty", "teacher")
    op.drop_index("ix_teacher_mobile", "teacher")
    op.create_index("ix_teacher_mobile", "teacher", ["mobile"])
    op.drop_index("ix_teacher_present", "teacher")
    op.create_index("ix_teacher_present", "teacher", PRESENT)
    op.drop_index("ix_subject_stage_stage_id", "subject_stage")
    op.drop_table("subject_stage")
    op.drop_column("teacher", "id_gender")
    op.drop_column("teacher", "id_birth_date")
