"""What waits for institutions, bureaus and experts around declarations: counts of the workbench (PUB-2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal, select, true, tuple_

from app.domain.clock import now
from app.domain.terms import ExpertReviewState, ProgrammeState, WindowKind
from app.domain.text import N_
from app.extensions import db
from app.models import BatchWindow, DeclarationDraft, ExpertOpinion, Programme
from app.security.actor import Actor
from app.security.scope import manageable_clause, visible_clause
from app.services.waiting import Waiting, count_of, waits

TO_MEND = (ProgrammeState.DRAFT, ProgrammeState.REJECTED, ProgrammeState.RETURNED, ProgrammeState.WITHDRAWN)


def _closing(kind: WindowKind) -> datetime | None:
    """Return when the next open window of this kind closes."""
    open_now = (BatchWindow.kind == kind) & (BatchWindow.opens_at <= now()) & (BatchWindow.closes_at >= now())
    closing: datetime | None = db.session.scalar(select(func.min(BatchWindow.closes_at)).where(open_now))
    return closing


def for_review(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on programmes routed to the actor's bureau; to who has none, all of the scope."""
    mine = Programme.review_bureau_id == actor.bureau_id if actor.bureau_id is not None else true()
    return and_(visible_clause(Programme, actor), Programme.state == ProgrammeState.SUBMITTED, mine)


def next_to_review(row: Programme, actor: Actor) -> tuple[int, int] | None:
    """Return the declaration that waits behind `row` (behind the last one, the first), and how many wait besides it."""
    others = and_(for_review(actor), Programme.id != row.id)
    place = tuple_(Programme.submitted_at, Programme.id)
    later = place > tuple_(literal(row.submitted_at, Programme.submitted_at.type), literal(row.id))
    first = select(Programme.id).where(others).order_by(later.desc(), Programme.submitted_at, Programme.id).limit(1)
    key = db.session.scalar(first)
    return (key, count_of(Programme, others)) if key is not None else None


@waits("review", "Programme")
def programmes_to_review(actor: Actor) -> Waiting:
    """Programmes that wait for the decision of the actor's bureau."""
    count = count_of(Programme, for_review(actor))
    label = N_("Programmes to review")
    return Waiting(label, "ti-checklist", count, "ReviewPage.index", deadline=_closing(WindowKind.REVIEW))


@waits("declare", "Programme")
def declarations_to_hand_in(actor: Actor) -> Waiting:
    """Declarations of one's institution that are unfinished, refused or returned."""
    stored = select(Programme.id).where(
        Programme.institution_id == actor.institution_id, Programme.state.in_(TO_MEND)
    )  # fmt: skip
    typed = select(DeclarationDraft.id).where(
        manageable_clause(DeclarationDraft, actor), DeclarationDraft.programme_id.is_(None)
    )
    count = db.session.scalar(select(func.count()).select_from(stored.union_all(typed).subquery())) or 0
    label = N_("Declarations to finish and hand in")
    return Waiting(label, "ti-file-plus", count, "DeclarationPage.index", deadline=_closing(WindowKind.DECLARATION))


@waits("give", "ExpertOpinion")
def opinions_to_give(actor: Actor) -> Waiting:
    """Programmes on which the expert's opinion is asked for."""
    mine = ExpertOpinion.expert_id == actor.account_id
    count = count_of(ExpertOpinion, mine, ExpertOpinion.state == ExpertReviewState.ASKED)
    return Waiting(N_("Opinions asked for"), "ti-message-question", count, "OpinionPage.index")
