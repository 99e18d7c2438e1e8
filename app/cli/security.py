"""`flask sync-security`: permissions as code, exact names, idempotent (ACC-12)."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.services.permissions import restore_roles


@click.command("sync-security")
@click.option("--keep-changes", is_flag=True, help="Take over what is new in the code; keep what people have changed.")
@with_appcontext
def sync_security(keep_changes: bool) -> None:
    """Restore every role to what app/security/roles.py says."""
    roles, permissions = restore_roles(keep_changes=keep_changes)
    click.echo(f"{roles} roles, {permissions} permissions")
