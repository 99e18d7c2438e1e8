"""Which bureau reviews a declaration (PRG-4)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.domain.regions import ancestors, lowest_common
from app.domain.routing import reviewing_region
from app.domain.terms import AccountStatus, OrganisationStatus
from app.extensions import db
from app.models import Account, Bureau, Region
from app.security.permissions import accounts_that_may


def reviewing_bureau(paths: Iterable[str]) -> Bureau:
    """Return the bureau of the lowest common superior of `paths` that has an account which may review.

    Raises Invalid without a path, or when no bureau on the way up has one.
    """
    targets = tuple(paths)
    common = lowest_common(targets)
    able = _able_bureaus(ancestors(common)) if common else {}
    return able[reviewing_region(targets, able.__contains__)]


def _able_bureaus(paths: Iterable[str]) -> dict[str, Bureau]:
    """Return path → bureau of these regions, of those that work and have somebody to review."""
    reviewers = select(Account.bureau_id).where(
        Account.id.in_(accounts_that_may("review", "Programme")),
        Account.active.is_(True),
        Account.status != AccountStatus.DISABLED,
    )
    wanted = (
        select(Region.path, Bureau)
        .join(Region, Bureau.region_id == Region.id)
        .where(Region.path.in_(tuple(paths)), Bureau.status == OrganisationStatus.ACTIVE, Bureau.id.in_(reviewers))
    )
    return {row[0]: row[1] for row in db.session.execute(wanted)}
