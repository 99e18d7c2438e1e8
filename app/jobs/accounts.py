"""Making many accounts in the background, with a list of what became of each (ACC-5)."""

from __future__ import annotations

import secrets

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from app.domain.text import N_
from app.exchange.workbook import write_workbook
from app.jobs.registry import Result, Run, job
from app.security.crypto import vault
from app.security.scope import fetch_visible
from app.services import account_batches
from app.services.account_batches import Outcome

TEACHERS, SCHOOLS = "teacher_accounts", "school_accounts"


@job(TEACHERS)
def teacher_accounts(run: Run) -> Result:
    """Make an account for every teacher who waits for one, of one school or of the whole scope."""
    from app.models import School

    number = run.arguments.get("school")
    school = fetch_visible(School, number, actor=run.actor) if number else None
    keys = account_batches.keys_without(actor=run.actor, school=school)
    data_key = current_app.config["SETTINGS"].DATA_KEY
    outcome = account_batches.create_teacher_accounts(
        keys, actor=run.actor, vault=vault(data_key), progress=run.progress
    )
    return _written(run, outcome)


@job(SCHOOLS)
def school_accounts(run: Run) -> Result:
    """Make the account of every school that has none."""
    data_key = current_app.config["SETTINGS"].DATA_KEY
    outcome = account_batches.create_school_accounts(actor=run.actor, vault=vault(data_key), progress=run.progress)
    return _written(run, outcome)


def _written(run: Run, outcome: Outcome) -> Result:
    """Write who got no account, and why; first passwords never stand in a file of the platform."""
    name = f"{run.job_id}-{secrets.token_hex(8)}.xlsx"
    with force_locale(run.arguments.get("language", "zh")):
        made = _("Accounts created: %(count)d", count=outcome.made)
        title = f"{made}; " + _("left out: %(count)d", count=outcome.left_out)
        labels = [_(N_("Person's name")), _(N_("Teacher number")), _(N_("Why no account"))]
        rows = [(one.name, one.number, _(one.why)) for one in outcome.examples or []]
        write_workbook(str(run.folder / name), title=title, labels=labels, rows=rows)
        return Result(_("Accounts created") + ".xlsx", name)
