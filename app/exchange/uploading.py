"""Taking a workbook that somebody sends, by page or by API, and beginning to plan it (TCH-6)."""

from __future__ import annotations

from typing import IO

from flask_babel import get_locale, gettext

from app.domain.text import N_
from app.exchange.reading import check_start
from app.exchange.sheets import Sheet
from app.models import ImportBatch
from app.security.actor import Actor
from app.services import imports

CHECKING, APPLYING = N_("Check: %(file)s"), N_("Apply: %(file)s")


def take(sheet: Sheet, file: IO[bytes], file_name: str, *, actor: Actor) -> ImportBatch:
    """Keep the workbook and begin to plan it. Raises Invalid by size and first bytes, NotPermitted."""
    actor.require("import", sheet.resource)
    size = file.seek(0, 2)
    file.seek(0)
    check_start(file, size)
    title = gettext(CHECKING) % {"file": file_name}
    return imports.upload(
        sheet.name, sheet.resource, file, file_name=file_name, title=title, language=str(get_locale()), actor=actor
    )
