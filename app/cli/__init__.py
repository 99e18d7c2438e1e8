"""Commands: the same services, from the shell."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register every command."""
    from app.cli import deadlines, demo, regions, security, teachers

    app.cli.add_command(security.sync_security)
    app.cli.add_command(demo.demo)
    app.cli.add_command(deadlines.deadlines)
    app.cli.add_command(regions.regions)
    app.cli.add_command(teachers.teachers)
