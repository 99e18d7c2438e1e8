"""The Chinese catalogue: `python -m tools.i18n extract | update | compile | missing | merge FILE.json…`.

The texts in the code are English; `app/translations/zh/LC_MESSAGES/messages.po` says them in Chinese. It is sorted and
has neither line numbers nor dates, so that a change in it is a change of a text.

Texts of the framework that its own catalogue leaves in English, or translates wrongly, belong to ours.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tools.punctuation import full_width

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "app/translations/zh/LC_MESSAGES/messages.po"
POT = ROOT / "build/messages.pot"
KEYWORDS = dict(DEFAULT_KEYWORDS) | {"_l": None, "lazy_gettext": None, "N_": None, "lazy_ngettext": (1, 2)}
PLACE = re.compile(r"%\((\w+)\)[sd]|%[sd]")
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
FRAMEWORK_MISTRANSLATED = {"Integrity error, probably unique constraint"}

MessageId = str | tuple[str, ...]


def new_catalogue(locale: str | None = "zh") -> Catalog:
    """Return an empty catalogue whose header never changes."""
    catalogue = Catalog(locale=locale, project="teacher-training", version="1", charset="utf-8", fuzzy=False)
    catalogue.header_comment = "# Chinese texts. `make i18n` keeps this file; edit only the msgstr lines."
    catalogue.creation_date = catalogue.revision_date = NO_DATE
    catalogue.last_translator = catalogue.language_team = "zh"
    catalogue.msgid_bugs_address = "-"
    return catalogue


def _texts_in(folder: Path) -> Iterator[MessageId]:
    with open(ROOT / "babel.cfg", encoding="utf-8") as file:
        method_map, options = parse_mapping_cfg(file)
    for _file, _line, message, _comments, _context in extract_from_dir(folder, method_map, options, keywords=KEYWORDS):
        yield message


def framework_gaps() -> set[MessageId]:
    """Return the framework's texts that its Chinese catalogue lacks or has wrong."""
    package = Path(str(resources.files("flask_appbuilder")))
    with open(package / "translations/zh/LC_MESSAGES/messages.po", "rb") as file:
        own = {message.id for message in read_po(file, locale="zh") if message.string and not message.fuzzy}
    return (set(_texts_in(package)) - own) | FRAMEWORK_MISTRANSLATED


def extract() -> Catalog:
    """Return the template: every text of the application and the framework's gaps."""
    template = new_catalogue(locale=None)
    for message in {*_texts_in(ROOT / "app"), *framework_gaps()}:
        template.add(message)
    return template


def read() -> Catalog:
    """Return the Chinese catalogue, empty when there is none yet."""
    if not PO.exists():
        return new_catalogue()
    with open(PO, "rb") as file:
        return read_po(file, locale="zh")


def write(catalogue: Catalog, path: Path = PO) -> None:
    """Write `catalogue` sorted, without line numbers; leave the file alone when nothing changes."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, sort_output=True, no_location=True, width=0, ignore_obsolete=True)
    if not path.exists() or path.read_bytes() != buffer.getvalue():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())


def updated(template: Catalog, old: Catalog) -> Catalog:
    """Return a catalogue with exactly the texts of `template` and the translations `old` has for them."""
    catalogue = new_catalogue()
    for message in _messages(template):
        known = old.get(message.id)
        catalogue.add(message.id, known.string if known else "", flags=message.flags)
    return catalogue


def _messages(catalogue: Catalog) -> Iterator[Any]:
    return (message for message in catalogue if message.id)


def _singular(message_id: MessageId) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _chinese(message: Any) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string or "",)


def same_places(source: str, translation: str) -> bool:
    """Whether `translation` fills exactly the places `source` has, such as `%(count)s`."""
    return sorted(m.group() for m in PLACE.finditer(source)) == sorted(m.group() for m in PLACE.finditer(translation))


def problems(template: Catalog, catalogue: Catalog) -> list[str]:
    """Return what keeps the Chinese catalogue from being complete, one line each."""
    found = []
    wanted = {message.id for message in _messages(template)}
    for message_id in sorted(wanted, key=_singular):
        message = catalogue.get(message_id)
        if message is None or not all(_chinese(message)):
            found.append(f"not translated: {_singular(message_id)}")
        elif not all(same_places(message_id[-1] if isinstance(message_id, tuple) else message_id, text)
                     for text in _chinese(message)):  # fmt: skip
            found.append(f"places differ: {_singular(message_id)} → {_chinese(message)[0]}")
        elif any(full_width(text) != text for text in _chinese(message)):
            found.append(f"half-width punctuation: {_chinese(message)[0]}")
    found += [f"no longer used: {_singular(m.id)}" for m in _messages(catalogue) if m.id not in wanted]
    return found


def fill(catalogue: Catalog, texts: dict[str, str], source: str) -> list[str]:
    """Put `texts` (msgid → Chinese) into the empty places of `catalogue`; return what did not fit, one line each."""
    notes = []
    by_singular = {_singular(message.id): message for message in _messages(catalogue)}
    for msgid, chinese in texts.items():
        message = by_singular.get(msgid)
        if message is None:
            notes.append(f"{source}: not in the code: {msgid}")
        elif any(_chinese(message)) and chinese not in _chinese(message):
            notes.append(f"{source}: kept {_chinese(message)[0]!r}, not {chinese!r}, for {msgid}")
        else:
            message.string = chinese if isinstance(message.id, str) else (chinese,)
    return notes


def compile_catalogue() -> None:
    """Write the binary catalogue that the application reads."""
    with open(PO.with_suffix(".mo"), "wb") as file:
        write_mo(file, read())


def merge(files: Iterable[str]) -> None:
    """Update the catalogue, fill it from JSON `files`, set Chinese punctuation; print what did not fit."""
    catalogue = updated(extract(), read())
    for name in files:
        texts = json.loads(Path(name).read_text(encoding="utf-8"))
        for note in fill(catalogue, {text: full_width(chinese) for text, chinese in texts.items()}, name):
            print(note)
    for message in _messages(catalogue):
        shown = tuple(full_width(text) for text in _chinese(message))
        message.string = shown if isinstance(message.id, tuple) else shown[0]
    write(catalogue)


def missing() -> int:
    """Print what the catalogue lacks; return 1 when it lacks anything."""
    found = problems(extract(), read())
    print("\n".join(found) or "The Chinese catalogue is complete.")
    if found:
        print(f"{len(found)} to mend in {PO.relative_to(ROOT)} (first: make i18n)")
    return int(bool(found))


def main() -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.i18n", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("extract", "update", "compile", "missing"):
        commands.add_parser(name)
    commands.add_parser("merge").add_argument("files", nargs="+", metavar="FILE.json")
    arguments = parser.parse_args()
    if arguments.command == "extract":
        write(extract(), POT)
    elif arguments.command == "update":
        write(updated(extract(), read()))
    elif arguments.command == "compile":
        compile_catalogue()
    elif arguments.command == "merge":
        merge(arguments.files)
    return missing() if arguments.command == "missing" else 0


if __name__ == "__main__":
    sys.exit(main())
