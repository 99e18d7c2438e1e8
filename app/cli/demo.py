"""`flask demo`: a lively invented province, and the accounts to try it with."""

from __future__ import annotations

import json

import click
from flask import current_app
from flask.cli import with_appcontext

from app.security.crypto import vault
from app.services import demo as province


@click.group("demo")
def demo() -> None:
    """Load or describe the demo province."""


@demo.command("load")
@click.option("--seed", default=1, show_default=True, help="the same seed makes the same province")
@click.option("--if-empty", is_flag=True, help="do nothing when there is data already")
@with_appcontext
def load(seed: int, if_empty: bool) -> None:
    """Fill an empty database with the demo province."""
    if current_app.config["SETTINGS"].production:
        raise click.ClickException("Demo data does not belong into production.")
    if not province.is_empty():
        if if_empty:
            return
        raise click.ClickException("The database is not empty; demo data is only loaded into an empty one.")
    counts = province.load(seed, vault(current_app.config["SETTINGS"].DATA_KEY))
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))


@demo.command("accounts")
@click.option("--json", "as_json", is_flag=True, help="the same list for programs")
@with_appcontext
def accounts(as_json: bool) -> None:
    """Print one account per role."""
    rows = province.accounts()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo("{role:26} {username:14} {password:12} {organisation}".format(**row))
