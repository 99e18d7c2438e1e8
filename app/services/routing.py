"""Which bureau reviews: a declaration (PRG-4), an enrollment at its checkpoint (PRG-5, ENR-6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from app.domain.regions import ancestors, lowest_common
from app.domain.routing import checkpoint_region, reviewing_region
from app.domain.terms import AccountStatus, Checkpoint, OrganisationStatus
from app.extensions import db
from app.models import Account, Bureau, Enrollment, Programme, Region
from app.security.permissions import accounts_that_may
from app.security.remembered import remembered


def reviewing_bureau(paths: Iterable[str]) -> Bureau:
    """Return the bureau of the lowest common superior of `paths` that has an account which may review.

    Raises Invalid without a path, or when no bureau on the way up has one.
    """
    targets = tuple(paths)
    common = lowest_common(targets)
    able = _able_at(ancestors(common)) if common else {}
    return able[reviewing_region(targets, able.__contains__)]


def _able_at(paths: Iterable[str]) -> dict[str, Bureau]:
    """Return path → bureau of these regions, of those that can review declarations."""
    wanted = (
        select(Region.path, Bureau)
        .join(Region, Bureau.region_id == Region.id)
        .where(Region.path.in_(tuple(paths)), Bureau.id.in_(_able(Programme)))
    )
    return {row[0]: row[1] for row in db.session.execute(wanted)}


def _able(model: type[Any]) -> Select[Any]:
    """Return the keys of the bureaus that work and have somebody to review rows of `model`."""
    reviewers = select(Account.bureau_id).where(
        Account.id.in_(accounts_that_may("review", model.__name__)),
        Account.bureau_id.is_not(None),
        Account.active.is_(True),
        Account.status != AccountStatus.DISABLED,
    )
    return select(Bureau.id).where(Bureau.status == OrganisationStatus.ACTIVE, Bureau.id.in_(reviewers))


# --- enrollments


@dataclass(frozen=True, slots=True)
class _Office:
    """A bureau on the way up; `decides`: it can review enrollments, or nobody above it can either."""

    id: int
    path: str
    decides: bool


def nearest_bureau(path: str) -> int | None:
    """Return the key of the bureau of the region at `path`; where there is none, of the next one above."""
    return next((office.id for office in _offices_above(path)), None)


def checkpoint_bureau(checkpoint: Checkpoint, path: str) -> int | None:
    """Return the key of the bureau that approves enrollments from the region at `path`; None without a checkpoint.

    Where no bureau from that level up can review, it is the lowest one: it waits for whoever gets an account first.
    Raises Invalid when there is no bureau at all.
    """
    offices = {office.path: office for office in _offices_above(path)}
    region = checkpoint_region(checkpoint, path, lambda at: at in offices and offices[at].decides)
    return offices[region].id if region is not None else None


def checkpoints_of(path: str) -> tuple[int, ...]:
    """Return the keys of the bureaus whose checkpoints the bureau of the region at `path` minds.

    Its own, and those below that can review no more: each falls to the next superior that can.
    """
    return remembered(("checkpoints of", path), lambda: _read_checkpoints_of(path))


def _read_checkpoints_of(path: str) -> tuple[int, ...]:
    below = list(db.session.execute(_bureaus().where(Region.path.startswith(path, autoescape=True))))
    stops = {row.path for row in below if row.able} | {path}
    return tuple(row.id for row in below if next(at for at in ancestors(row.path) if at in stops) == path)


def _offices_above(path: str) -> tuple[_Office, ...]:
    """Return the bureaus of a region and of those above it, the nearest first."""
    return remembered(("bureaus above", path), lambda: _read_offices_above(path))


def _read_offices_above(path: str) -> tuple[_Office, ...]:
    nearest = _bureaus().where(Region.path.in_(ancestors(path))).order_by(func.length(Region.path).desc())
    rows = list(db.session.execute(nearest))
    last = max((place for place, row in enumerate(rows) if row.able), default=-1)
    return tuple(_Office(row.id, row.path, bool(row.able) or place > last) for place, row in enumerate(rows))


def _bureaus() -> Select[int, str, bool]:
    able = Bureau.id.in_(_able(Enrollment)).label("able")
    return select(Bureau.id, Region.path, able).join(Region, Region.id == Bureau.region_id)
