"""Inbox: kinds, senders, pages to go to, copies by mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "inbox"
down_revision = "ground_floor"
branch_labels = None
depends_on = None

KINDS = ("task", "notice", "private", "system")


def upgrade() -> None:
    with op.batch_alter_table("inbox_message", schema=None) as batch_op:
        batch_op.drop_column("link")
        batch_op.add_column(
            sa.Column(
                "kind",
                sa.Enum(*KINDS, name="messagekind", native_enum=False, create_constraint=True, length=32),
                server_default="system",
                nullable=False,
                comment="Kind of message",
            )
        )
        batch_op.add_column(sa.Column("sender_id", sa.Integer(), nullable=True, comment="Sender"))
        batch_op.add_column(sa.Column("body", sa.Text(), nullable=True, comment="Words of the sender"))
        batch_op.add_column(sa.Column("endpoint", sa.String(length=100), nullable=True, comment="Page"))
        batch_op.add_column(
            sa.Column("page_values", sa.JSON(), server_default="{}", nullable=False, comment="Values of the page")
        )
        batch_op.add_column(sa.Column("mail_due_at", sa.DateTime(timezone=True), nullable=True, comment="To be mailed"))
        batch_op.add_column(
            sa.Column("mail_tries", sa.Integer(), server_default="0", nullable=False, comment="Tries to mail")
        )
        batch_op.add_column(sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True, comment="Mailed"))
        batch_op.create_index("ix_inbox_message_mail_due_at", ["mail_due_at"], unique=False)
        batch_op.create_index("ix_inbox_message_sender_id", ["sender_id"], unique=False)
        batch_op.create_foreign_key(
            op.f("fk_inbox_message_sender_id_ab_user"), "ab_user", ["sender_id"], ["id"], ondelete="SET NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("inbox_message", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_inbox_message_sender_id_ab_user"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_inbox_message_messagekind"), type_="check")
        batch_op.drop_index("ix_inbox_message_sender_id")
        batch_op.drop_index("ix_inbox_message_mail_due_at")
        for name in ("mailed_at", "mail_tries", "mail_due_at", "page_values", "endpoint", "body", "sender_id", "kind"):
            batch_op.drop_column(name)
        batch_op.add_column(sa.Column("link", sa.String(length=200), nullable=True, comment="Link"))
