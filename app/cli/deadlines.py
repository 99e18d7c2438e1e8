"""`flask deadlines run`: do at once what the worker does every minute (ENR-5, P5)."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.services import deadlines as service


@click.group("deadlines")
def deadlines() -> None:
    """End reviews that came too late, fill seats left free from reserve lists, remind schools."""


@deadlines.command("run")
@with_appcontext
def run() -> None:
    """Do what is due now; a second run finds nothing to do."""
    done = service.run()
    click.echo(
        f"Enrollments ended unreviewed: {done.ended}. Schools reminded: {done.reminded}. "
        f"Moved up from reserve lists: {done.moved_up}."
    )
