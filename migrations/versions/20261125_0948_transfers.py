"""Transfers, and the changes teachers ask their school for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "transfers"
down_revision = "evaluation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change_request",
        sa.Column("teacher_id", sa.Integer(), nullable=False, comment="Teacher"),
        sa.Column("school_id", sa.Integer(), nullable=False, comment="School"),
        sa.Column(
            "state",
            sa.Enum(
                "filed",
                "approved",
                "refused",
                name="changerequeststate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
            comment="State",
        ),
        sa.Column("changes", sa.JSON(), nullable=False, comment="What is to change"),
        sa.Column("national_id_sealed", sa.LargeBinary(), nullable=True, comment="National ID"),
        sa.Column("note", sa.String(length=200), nullable=True, comment="Why"),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False, comment="Last step"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_change_request_school_id_school")),
        sa.ForeignKeyConstraint(
            ["teacher_id"], ["teacher.id"], name=op.f("fk_change_request_teacher_id_teacher"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.create_index("ix_change_request_school_id_state", ["school_id", "state"], unique=False)
        batch_op.create_index("ix_change_request_teacher_id_state", ["teacher_id", "state"], unique=False)

    op.create_table(
        "transfer",
        sa.Column("teacher_id", sa.Integer(), nullable=False, comment="Teacher"),
        sa.Column(
            "kind",
            sa.Enum(
                "new",
                "transfer_out",
                "transfer_in",
                "leave",
                "retire",
                "secondment",
                name="transferkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
            comment="Kind of transfer",
        ),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "released",
                "completed",
                "refused",
                "withdrawn",
                name="transferstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
            comment="State",
        ),
        sa.Column("from_school_id", sa.Integer(), nullable=True, comment="From school"),
        sa.Column("to_school_id", sa.Integer(), nullable=True, comment="To school"),
        sa.Column("starts_on", sa.Date(), nullable=True, comment="First day of the secondment"),
        sa.Column("ends_on", sa.Date(), nullable=True, comment="Last day of the secondment"),
        sa.Column("reason", sa.String(length=200), nullable=True, comment="Reason"),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True, comment="Agreed by both"),
        sa.Column("completed_on", sa.Date(), nullable=True, comment="Carried out"),
        sa.Column("ended_on", sa.Date(), nullable=True, comment="Effect ended"),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False, comment="Last step"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.CheckConstraint(
            "(kind = 'secondment') = (starts_on IS NOT NULL AND ends_on IS NOT NULL)", name=op.f("ck_transfer_dates")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_transfer_span")),
        sa.ForeignKeyConstraint(["from_school_id"], ["school.id"], name=op.f("fk_transfer_from_school_id_school")),
        sa.ForeignKeyConstraint(
            ["teacher_id"], ["teacher.id"], name=op.f("fk_transfer_teacher_id_teacher"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["to_school_id"], ["school.id"], name=op.f("fk_transfer_to_school_id_school")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
    )
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.create_index("ix_transfer_from_school_id_state", ["from_school_id", "state"], unique=False)
        batch_op.create_index(
            "ix_transfer_lasting",
            ["kind", "ends_on"],
            unique=False,
            sqlite_where=sa.text(
                "state = 'completed' AND ended_on IS NULL AND (to_school_id IS NULL OR kind = 'secondment')"
            ),
            postgresql_where=sa.text(
                "state = 'completed' AND ended_on IS NULL AND (to_school_id IS NULL OR kind = 'secondment')"
            ),
        )
        batch_op.create_index(batch_op.f("ix_transfer_teacher_id"), ["teacher_id"], unique=False)
        batch_op.create_index("ix_transfer_to_school_id_state", ["to_school_id", "state"], unique=False)
        batch_op.create_index(
            "uq_transfer_open",
            ["teacher_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('requested', 'released')"),
            postgresql_where=sa.text("state IN ('requested', 'released')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_transfer_open",
            sqlite_where=sa.text("state IN ('requested', 'released')"),
            postgresql_where=sa.text("state IN ('requested', 'released')"),
        )
        batch_op.drop_index("ix_transfer_to_school_id_state")
        batch_op.drop_index(batch_op.f("ix_transfer_teacher_id"))
        batch_op.drop_index(
            "ix_transfer_lasting",
            sqlite_where=sa.text(
                "state = 'completed' AND ended_on IS NULL AND (to_school_id IS NULL OR kind = 'secondment')"
            ),
            postgresql_where=sa.text(
                "state = 'completed' AND ended_on IS NULL AND (to_school_id IS NULL OR kind = 'secondment')"
            ),
        )
        batch_op.drop_index("ix_transfer_from_school_id_state")

    op.drop_table("transfer")
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.drop_index("ix_change_request_teacher_id_state")
        batch_op.drop_index("ix_change_request_school_id_state")

    op.drop_table("change_request")
