"""Add imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "add_imports"
down_revision = "saved_filters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_batch",
        sa.Column("account_id", sa.Integer(), nullable=False, comment="Started by"),
        sa.Column("kind", sa.String(length=32), nullable=False, comment="Kind of import"),
        sa.Column("file_name", sa.String(length=200), nullable=False, comment="File"),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="SHA-256 of the file"),
        sa.Column("size", sa.Integer(), nullable=False, comment="Size in bytes"),
        sa.Column(
            "state",
            sa.Enum(
                "planning",
                "planned",
                "applying",
                "applied",
                "cancelled",
                "failed",
                name="importstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
            comment="State",
        ),
        sa.Column("job_id", sa.Integer(), nullable=True, comment="Background job"),
        sa.Column("file_path", sa.String(length=64), nullable=True, comment="Uploaded file"),
        sa.Column("header", sa.JSON(), nullable=True, comment="Header row"),
        sa.Column("notes", sa.JSON(), nullable=False, comment="Remarks"),
        sa.Column("problems", sa.JSON(), nullable=False, comment="Problems"),
        sa.Column("counts", sa.JSON(), nullable=False, comment="Rows by result"),
        sa.Column("total", sa.Integer(), nullable=False, comment="Rows read"),
        sa.Column("written", sa.Integer(), nullable=False, comment="Rows written"),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True, comment="Applied on"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.ForeignKeyConstraint(["account_id"], ["ab_user.id"], name=op.f("fk_import_batch_account_id_ab_user")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["background_job.id"], name=op.f("fk_import_batch_job_id_background_job"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_batch_account_id"), ["account_id"], unique=False)

    op.create_table(
        "import_block",
        sa.Column("batch_id", sa.Integer(), nullable=False, comment="Import"),
        sa.Column("number", sa.Integer(), nullable=False, comment="Order"),
        sa.Column("counts", sa.JSON(), nullable=False, comment="Rows by result"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="Plan"),
        sa.Column("unwritten", sa.JSON(), nullable=False, comment="Rows not written"),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True, comment="Applied on"),
        sa.Column("id", sa.Integer(), nullable=False, comment="Number"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="Created"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="Last changed"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Version"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_block_batch_id_import_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_block")),
        sa.UniqueConstraint("batch_id", "number", name="uq_import_block_batch_id_number"),
    )


def downgrade() -> None:
    op.drop_table("import_block")
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_batch_account_id"))

    op.drop_table("import_batch")
