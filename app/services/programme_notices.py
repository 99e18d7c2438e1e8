"""Who is told of a declaration's moves: the bureau when it has to act, the institution when it was decided (PUB-3)."""

from __future__ import annotations

from sqlalchemy import select

from app.domain.states import Action
from app.domain.terms import MessageKind
from app.domain.text import N_, Text
from app.extensions import db
from app.models import ExpertOpinion, Programme, TrainingClass
from app.services.audiences import accounts, bureau_staff, institution_staff
from app.services.notifications import notify
from app.services.transitions import Moved, on_move

_DECIDED = {
    Action.APPROVE: N_("“%(title)s” was approved."),
    Action.REJECT: N_("“%(title)s” was not approved: %(reason)s"),
    Action.RETURN: N_("“%(title)s” was returned for changes: %(reason)s"),
    Action.ADJUST: N_("The bureau adjusted “%(title)s”: %(reason)s"),
}


@on_move(Programme, Action.SUBMIT)
def _tell_the_bureau(event: Moved) -> None:
    for row in _programmes(event):
        text = Text(N_("“%(title)s” of %(institution)s waits for your review."),
                    {"title": row.title, "institution": row.institution.name})  # fmt: skip
        staff = bureau_staff([row.review_bureau_id] if row.review_bureau_id else [], may=("review", "Programme"))
        notify(staff, MessageKind.SYSTEM, text, endpoint="ProgrammeView.show", pk=row.id)


@on_move(Programme, *_DECIDED)
def _tell_the_institution(event: Moved) -> None:
    for row in _programmes(event):
        text = Text(_DECIDED[event.action], {"title": row.title, "reason": event.reason or ""})
        notify(institution_staff([row.institution_id], may=("declare", "Programme")), MessageKind.SYSTEM, text,
               endpoint="ProgrammeView.show", pk=row.id)  # fmt: skip


@on_move(TrainingClass, Action.ADJUST)
def _tell_of_an_adjusted_class(event: Moved) -> None:
    for one in db.session.scalars(select(TrainingClass).where(TrainingClass.id.in_(event.row_ids))):
        text = Text(N_("The bureau adjusted class %(number)d of “%(title)s”: %(reason)s"),
                    {"number": one.number, "title": one.title, "reason": event.reason or ""})  # fmt: skip
        notify(institution_staff([one.institution_id], may=("declare", "Programme")), MessageKind.SYSTEM, text,
               endpoint="ProgrammeView.show", pk=one.programme_id)  # fmt: skip


@on_move(ExpertOpinion)
def _tell_who_asked(event: Moved) -> None:
    for opinion in db.session.scalars(select(ExpertOpinion).where(ExpertOpinion.id.in_(event.row_ids))):
        text = Text(N_("An expert has answered on “%(title)s”."), {"title": opinion.programme.title})
        notify(accounts([opinion.asked_by_id] if opinion.asked_by_id else []), MessageKind.SYSTEM, text,
               endpoint="ProgrammeView.show", pk=opinion.programme_id)  # fmt: skip


def tell_experts(programme: Programme, expert_ids: list[int]) -> None:
    """Tell experts that their opinion is asked for."""
    text = Text(N_("Your opinion on “%(title)s” is asked for."), {"title": programme.title})
    notify(accounts(expert_ids), MessageKind.SYSTEM, text, endpoint="OpinionPage.index")


def _programmes(event: Moved) -> list[Programme]:
    return list(db.session.scalars(select(Programme).where(Programme.id.in_(event.row_ids))))
