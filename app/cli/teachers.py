"""`flask teachers read-ids`: once after an upgrade from before version 0.2."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.services.teacher_issues import read_ids
from app.web.actors import current_vault


@click.group("teachers")
def teachers() -> None:
    """Look after teachers' records."""


@teachers.command("read-ids")
@with_appcontext
def read_id_numbers() -> None:
    """Keep what the sealed ID numbers say of birth date and gender, for the board of data quality; it may run again."""
    click.echo(f"{read_ids(current_vault()):,} records read")
