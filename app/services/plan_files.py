"""Training plan files: checked, numbered, kept in the database (PRG-3)."""

from __future__ import annotations

from hashlib import sha256

from app.domain.errors import Problem
from app.domain.plan_files import CONTENT_TYPES, extension_of, plan_file_problems, safe_name
from app.domain.policy import Policy
from app.extensions import db
from app.models import PlanFile, Programme
from app.security.actor import Actor
from app.security.scope import fetch_visible


def problems_of(name: str, content: bytes, policy: Policy) -> list[Problem]:
    """Return everything wrong with a plan file under the parameters P8."""
    return plan_file_problems(safe_name(name), content, limit=policy.plan_file_limit, types=policy.plan_file_types)


def add(programme: Programme, name: str, content: bytes, *, actor: Actor) -> PlanFile:
    """Add a checked file as the next version; the same content again adds nothing."""
    mark = sha256(content).hexdigest()
    latest = programme.plan_files[0] if programme.plan_files else None
    if latest is not None and latest.sha256 == mark:
        return latest
    row = PlanFile(
        revision=(latest.revision if latest is not None else 0) + 1,
        name=safe_name(name),
        content_type=CONTENT_TYPES[extension_of(name)],
        size=len(content),
        sha256=mark,
        content=content,
        uploaded_by_id=actor.account_id,
    )
    programme.plan_files.insert(0, row)
    db.session.flush()
    return row


def fetch(file_id: int, *, actor: Actor) -> PlanFile:
    """Return a version the actor sees: reviewers, and every teacher who sees a class of the programme."""
    return fetch_visible(PlanFile, file_id, actor=actor)
