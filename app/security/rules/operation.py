"""The audit, jobs and messages."""

from __future__ import annotations

from sqlalchemy import or_, true

from app.domain.terms import RoleName
from app.models import AuditEntry, BackgroundJob, ImportBatch, InboxMessage
from app.security.actor import Actor
from app.security.rules.subtree import Clause
from app.security.scope import sees


@sees(AuditEntry)
def _audit_entry(actor: Actor) -> Clause:
    if actor.has_role(RoleName.AUDIT_ADMIN, RoleName.SECURITY_ADMIN):
        return true()
    own = AuditEntry.account_id == actor.account_id
    if actor.region_path is None:
        return own
    return or_(own, AuditEntry.region_path.startswith(actor.region_path, autoescape=True))


@sees(BackgroundJob)
def _background_job(actor: Actor) -> Clause:
    return BackgroundJob.account_id == actor.account_id


@sees(InboxMessage)
def _inbox_message(actor: Actor) -> Clause:
    return InboxMessage.account_id == actor.account_id


@sees(ImportBatch)
def _import_batch(actor: Actor) -> Clause:
    """One's own: a plan shows rows as its owner may see them."""
    return ImportBatch.account_id == actor.account_id
