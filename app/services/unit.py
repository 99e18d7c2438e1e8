"""One verb, one transaction: everything is written or nothing is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.domain.errors import Conflict, Problem, problem
from app.domain.text import N_
from app.extensions import db


@contextmanager
def transaction() -> Iterator[None]:
    """Commit at the end of the block; roll everything back when it raises.

    A broken constraint becomes a Conflict that names the field, a lost race for a row one that says so.
    """
    try:
        yield
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise Conflict(_explain(str(error.orig))) from error
    except StaleDataError as error:
        db.session.rollback()
        raise Conflict(changed_meanwhile()) from error
    except BaseException:
        db.session.rollback()
        raise


def changed_meanwhile() -> Problem:
    """Return the problem of a row somebody else has changed since it was read."""
    return problem(
        "changed_meanwhile",
        N_("Somebody else changed this record meanwhile. Compare with the present values and save again."),
    )


def _explain(message: str) -> Problem:
    unique = re.search(r"UNIQUE constraint failed: \w+\.(\w+)", message) or re.search(
        r"Key \((\w+)[,)].*exists", message
    )
    if unique:
        return problem("duplicate", N_("This value is taken already; give another."), field=unique.group(1))
    if "FOREIGN KEY" in message.upper() or "still referenced" in message:
        return problem("in_use", N_("Other records refer to this one; move or delete them first."))
    return problem("refused_by_database", N_("The values contradict each other; check dates, numbers and choices."))
