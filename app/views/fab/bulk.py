"""What comes with an act on chosen rows: the reason that was typed, and what is told when it is done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import flash, request
from flask_babel import gettext as _

from app.services.outcomes import BulkOutcome
from app.web.i18n import sentence

LONGEST_REASON = 200  # letters the fields for a reason take


def typed_reason() -> str | None:
    """Return the reason that was typed, None for none."""
    return request.form.get("reason", "").strip()[:LONGEST_REASON] or None


def keys_of(rows: Iterable[Any]) -> list[int]:
    """Return the keys of the chosen rows."""
    return [row.id for row in rows]


def tell(outcome: BulkOutcome, names: dict[int, str]) -> None:
    """Tell how many were done, and for each of the others by name every reason why not (ENR-14)."""
    if outcome.done:
        flash(_("Done: %(count)d.", count=len(outcome.done)), "success")
    for key, problems in outcome.refused.items():
        why = " ".join(sentence(found) for found in problems)
        flash(_("%(name)s: %(why)s", name=names[key], why=why), "danger")
