"""Sets of filters a person keeps under a name, for any list (TCH-4)."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.errors import Invalid, Problems, problem
from app.domain.names import normalise_text
from app.domain.terms import AuditAction
from app.domain.text import N_
from app.extensions import db
from app.models import SavedFilter
from app.security.actor import Actor
from app.security.scope import select_visible
from app.services import audit
from app.services.unit import transaction

MOST = 30  # of one person for one list
LONGEST_NAME, LONGEST_QUERY = 50, 1000


def saved_filters(list_name: str, *, actor: Actor) -> Sequence[SavedFilter]:
    """Return the person's saved filters of a list, by name."""
    own = select_visible(SavedFilter, actor).where(
        SavedFilter.list_name == list_name, SavedFilter.account_id == actor.account_id
    )
    rows: Sequence[SavedFilter] = db.session.scalars(own.order_by(SavedFilter.name, SavedFilter.id)).all()
    return rows


def save_filter(list_name: str, name: str, query: str, *, actor: Actor) -> SavedFilter:
    """Keep `query` (as in an address: ?school=3) under `name`; one of that name is replaced.

    Raises Invalid with every reason.
    """
    actor.require("create", "SavedFilter")
    name = normalise_text(name)
    with transaction():
        present = saved_filters(list_name, actor=actor)
        row = next((one for one in present if one.name == name), None)
        _refuse_wrong(name, query, full=row is None and len(present) >= MOST)
        if row is None:
            row = SavedFilter(account_id=actor.account_id, list_name=list_name, name=name)
            db.session.add(row)
        row.query = query
        db.session.flush()
        audit.record(AuditAction.CREATE, row, actor=actor, after={"list_name": list_name, "name": name})
    return row


def _refuse_wrong(name: str, query: str, *, full: bool) -> None:
    problems = Problems()
    if not 0 < len(name) <= LONGEST_NAME:
        problems.add("name_length", N_("Give a name of at most %(most)s characters."), field="name", most=LONGEST_NAME)
    if not query.startswith("?") or len(query) > LONGEST_QUERY:
        problems.add("no_filter", N_("Set a filter first, then save it."))
    if full:
        text = N_("There are %(most)s saved filters for this list already; delete one first.")
        problems.found.append(problem("too_many", text, most=MOST))
    problems.raise_if_any(Invalid)
