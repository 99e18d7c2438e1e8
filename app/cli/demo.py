"""`flask demo`: a lively invented province, and the accounts to try it with."""

from __future__ import annotations

import json
import sys
import time

import click
from flask import current_app
from flask.cli import with_appcontext

from app.security.crypto import vault
from app.services import demo as province

EVERY = 5.0  # seconds between two lines of progress in a log
EVERY_ON_SCREEN = 0.2  # where a person looks on, the line is rewritten


@click.group("demo")
def demo() -> None:
    """Load or describe the demo province."""


@demo.command("load")
@click.option("--size", type=click.Choice(list(province.SIZES)), default="small", show_default=True,
              help="small: seconds; province: 390,000 teachers in 6,500 schools, minutes")  # fmt: skip
@click.option("--seed", default=1, show_default=True, help="the same seed makes the same province")
@click.option("--if-empty", is_flag=True, help="do nothing when there is data already")
@with_appcontext
def load(size: str, seed: int, if_empty: bool) -> None:
    """Fill an empty database with the demo province."""
    settings = current_app.config["SETTINGS"]
    if settings.production:
        raise click.ClickException("Demo data does not belong into production.")
    if not province.is_empty():
        if if_empty:
            return
        raise click.ClickException("The database is not empty; demo data is only loaded into an empty one.")
    started = time.monotonic()
    progress = Progress()
    making = province.Making(province.SIZES[size], seed, vault(settings.DATA_KEY), progress)
    counts = province.load(making)
    progress.end()
    click.echo(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    click.echo(f"loaded in {time.monotonic() - started:.1f} s")


class Progress:
    """Prints how far the loading is; what is quick is not worth a line."""

    def __init__(self) -> None:
        """Find out whether a person looks on."""
        self._on_screen = sys.stderr.isatty()
        self._every = EVERY_ON_SCREEN if self._on_screen else EVERY
        self._last = time.monotonic()
        self._open = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Hear that `done` of `total` rows of the table `what` are in."""
        if time.monotonic() - self._last < self._every:
            return
        self._last, self._open = time.monotonic(), self._on_screen
        text = f"{what}: {done:,} of {total:,}"
        click.echo(f"\r{text:60}" if self._on_screen else text, nl=not self._on_screen, err=True)

    def end(self) -> None:
        """Leave the rewritten line."""
        if self._open:
            click.echo(err=True)


@demo.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="the same list for programs")
@with_appcontext
def accounts(as_json: bool) -> None:
    """Print one account per role that signs in at once, and one that must change its password first."""
    rows = province.accounts()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo("{role:26} {username:16} {password:12} {organisation}".format(**row))
