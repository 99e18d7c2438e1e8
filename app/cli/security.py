"""`flask sync-security`: permissions as code, exact names, idempotent (ACC-12)."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.services.permissions import restore_roles


@click.command("sync-security")
@with_appcontext
def sync_security() -> None:
    """Restore every role to what app/security/roles.py says."""
    roles, permissions = restore_roles()
    click.echo(f"{roles} roles, {permissions} permissions")
