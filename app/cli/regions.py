"""`flask regions import`: the region tree from a table of codes (ORG-1)."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from app.domain.errors import DomainError, Problem
from app.services.regions import RegionChanges, import_regions, read_rows
from app.web.i18n import sentence


@click.group("regions")
def regions() -> None:
    """Bring the region tree up to date."""


@regions.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="tell what would change, write nothing")
@with_appcontext
def import_file(file: Path, dry_run: bool) -> None:
    """Add, rename and move regions as FILE says: a CSV with the columns code, name, level, parent_code.

    Every wrong line is told, and then nothing is written. Regions the file leaves out stay.
    """
    try:
        changes = import_regions(read_rows(file), dry_run=dry_run)
    except DomainError as error:
        for problem in error.problems:
            click.echo(_told(problem), err=True)
        raise click.ClickException(f"{len(error.problems)} problems; nothing was written.") from None
    _tell(changes, dry_run)


def _told(problem: Problem) -> str:
    line = problem.text.params.get("line")
    return f"line {line}: {sentence(problem)}" if line else sentence(problem)


def _tell(changes: RegionChanges, dry_run: bool) -> None:
    for word, codes in (("added", changes.added), ("renamed", changes.renamed), ("moved", changes.moved),
                        ("not in the file, kept", changes.left_out)):  # fmt: skip
        click.echo(
            f"{word}: {len(codes)}" + (f" ({', '.join(codes[:20])}{' …' if len(codes) > 20 else ''})" if codes else "")
        )
    click.echo(f"unchanged: {changes.unchanged}")
    click.echo("dry run: nothing was written" if dry_run else "done")
