"""What waits for somebody: each chapter registers a count, the workbench shows those that are not zero (PUB-2).

    @waits("review", "Enrollment")
    def enrollments_to_review(actor: Actor) -> Waiting | None:
        count = …
        return Waiting(N_("Enrollments to review"), "ti-clipboard-check", count, "SchoolInbox.index", deadline=…)

One statement each: the workbench is everybody's first page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from app.domain.clock import day_end, today
from app.domain.terms import AccountStatus, MessageKind
from app.domain.text import N_
from app.extensions import db
from app.models import Account, InboxMessage, RegionGrant
from app.security.actor import Actor
from app.security.scope import manageable_clause, visible_clause
from app.services import class_lists

NEVER = datetime.max.replace(tzinfo=UTC)
GRANT_NOTICE = timedelta(days=60)  # a region grant that ends sooner is brought to mind


@dataclass(frozen=True)
class Waiting:
    """Something to be done: what, how often, where (`endpoint` with `values`), and until when."""

    label: str
    icon: str
    count: int
    endpoint: str
    values: dict[str, Any] = field(default_factory=dict)
    deadline: datetime | None = None


Counter = Callable[[Actor], Waiting | None]
_counters: list[tuple[str, str, Counter]] = []


def waits(verb: str, resource: str) -> Callable[[Counter], Counter]:
    """Register a count for those who may `verb` the `resource`."""

    def register(counter: Counter) -> Counter:
        _counters.append((verb, resource, counter))
        return counter

    return register


def waiting_for(actor: Actor) -> list[Waiting]:
    """Return what waits for the actor, the nearest deadline first; what is done is not among it."""
    asked = (counter(actor) for verb, resource, counter in _counters if actor.may(verb, resource))
    found = [item for item in asked if item is not None and item.count]
    return sorted(found, key=lambda item: item.deadline or NEVER)


def count_of(model: type[Any], *conditions: ColumnElement[bool]) -> int:
    """Return how many rows meet the conditions."""
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


@waits("read", "InboxMessage")
def unread_tasks(actor: Actor) -> Waiting:
    """Messages that ask for something and are unread."""
    mine = (InboxMessage.account_id == actor.account_id) & InboxMessage.read_at.is_(None)
    count = count_of(InboxMessage, mine, InboxMessage.kind == MessageKind.TASK)
    values = {"unread": "yes", "kind": MessageKind.TASK.value}
    return Waiting(N_("Unread reminders"), "ti-bell", count, "InboxMessageView.list", values)


@waits("unlock", "Account")
def locked_accounts(actor: Actor) -> Waiting:
    """Accounts below that locked themselves out."""
    count = count_of(Account, manageable_clause(Account, actor), Account.status == AccountStatus.LOCKED)
    values = {"status": AccountStatus.LOCKED.value}
    return Waiting(N_("Locked accounts"), "ti-lock", count, "AccountView.list", values)


@waits("read", "RegionGrant")
def ending_grants(actor: Actor) -> Waiting:
    """Region grants that end soon: the institution cannot declare there any more."""
    last = today() + GRANT_NOTICE
    ending = (RegionGrant.valid_to >= today()) & (RegionGrant.valid_to <= last) & RegionGrant.revoked_at.is_(None)
    wanted = select(func.count(), func.min(RegionGrant.valid_to)).where(visible_clause(RegionGrant, actor), ending)
    count, first = db.session.execute(wanted).one()
    deadline = day_end(first) if first else None
    return Waiting(N_("Region grants that end soon"), "ti-map-2", count, "GrantPage.index", deadline=deadline)


@waits("freeze", "Screening")
def classes_to_freeze(actor: Actor) -> Waiting:
    """Classes with more candidates than seats after the school deadline (ENR-8)."""
    count = class_lists.ready_to_freeze(actor)
    return Waiting(N_("Classes to freeze and draw"), "ti-snowflake", count, "ScreeningPage.index", {"show": "ready"})


@waits("draw", "Screening")
def lists_to_draw(actor: Actor) -> Waiting:
    """Frozen lists without their draw."""
    count = class_lists.frozen_not_drawn(actor)
    return Waiting(N_("Frozen lists to draw"), "ti-dice-3", count, "ScreeningPage.index", {"show": "frozen"})


@waits("decide", "ClassAdjustment")
def requests_to_decide(actor: Actor) -> Waiting:
    """Requests of institutions for more seats or a cancellation (ENR-7)."""
    count = class_lists.requests_waiting(actor)
    values = {"show": "requested"}
    return Waiting(N_("Requests about classes"), "ti-message-question", count, "AdjustmentPage.index", values)
