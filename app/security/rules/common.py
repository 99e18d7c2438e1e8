"""What all who have signed in may read."""

from __future__ import annotations

from sqlalchemy import false, true

from app.models import (
    Batch,
    BatchWindow,
    EnrollmentRound,
    Grade,
    ParameterChange,
    ParameterValue,
    PermissionChange,
    PostCategory,
    ProfessionalTitle,
    Region,
    Role,
    Stage,
    Subject,
    TrainingYear,
)
from app.security.actor import Actor
from app.security.rules.subtree import Clause
from app.security.scope import sees


@sees(
    Region, Stage, Grade, Subject, PostCategory, ProfessionalTitle,
    TrainingYear, Batch, EnrollmentRound, BatchWindow, ParameterValue, ParameterChange, PermissionChange, Role,
)  # fmt: skip
def _common(actor: Actor) -> Clause:
    """Common knowledge of all who have signed in; who may change it, permissions say."""
    return true() if actor.signed_in else false()
