"""teacher search: parts of names, number series, indexes of initials and mobiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "teacher_search"
down_revision = "enrollment_year"
branch_labels = None
depends_on = None

CHUNK = 5000


def upgrade() -> None:
    op.create_table(
        "number_series",
        sa.Column("name", sa.String(length=64), nullable=False, comment="Name"),
        sa.Column("last", sa.Integer(), nullable=False, comment="Last number given"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("name", name=op.f("uq_number_series_name")),
    )
    op.create_table(
        "teacher_name_pair",
        sa.Column("first", sa.String(length=1), nullable=False),
        sa.Column("second", sa.String(length=1), nullable=False),
        sa.Column("teacher_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["teacher_id"], ["teacher.id"], name=op.f("fk_teacher_name_pair_teacher_id_teacher"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("first", "second", "teacher_id", name=op.f("pk_teacher_name_pair")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_teacher_name_pair_teacher_id"), "teacher_name_pair", ["teacher_id"])
    op.create_index(op.f("ix_teacher_mobile"), "teacher", ["mobile"])
    op.drop_index(op.f("ix_teacher_name_initials"), table_name="teacher")
    op.create_index(
        "ix_teacher_name_initials",
        "teacher",
        ["name_initials"],
        postgresql_ops={"name_initials": "varchar_pattern_ops"},
    )
    _index_names()


def _index_names() -> None:
    """Let the names there are be found."""
    teacher = sa.table("teacher", sa.column("id", sa.Integer), sa.column("name", sa.String))
    pair = sa.table("teacher_name_pair", sa.column("first"), sa.column("second"), sa.column("teacher_id"))
    connection, last = op.get_bind(), 0
    while True:
        wanted = sa.select(teacher.c.id, teacher.c.name).where(teacher.c.id > last).order_by(teacher.c.id).limit(CHUNK)
        rows = connection.execute(wanted).all()
        if not rows:
            return
        last = rows[-1].id
        pairs = [
            {"first": first, "second": second, "teacher_id": row.id}
            for row in rows
            for first, second in set(zip(row.name.lower(), [*row.name.lower()[1:], ""], strict=True))
        ]
        if pairs:
            connection.execute(sa.insert(pair), pairs)


def downgrade() -> None:
    op.drop_index("ix_teacher_name_initials", table_name="teacher")
    op.create_index(op.f("ix_teacher_name_initials"), "teacher", ["name_initials"])
    op.drop_index(op.f("ix_teacher_mobile"), table_name="teacher")
    op.drop_table("teacher_name_pair")
    op.drop_table("number_series")
