"""The declaration form: from control names to the tree that was typed, and back to what the template shows (PRG-2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import select

from app.domain.declaration import DECLARABLE
from app.domain.declaration_input import cleaned
from app.domain.errors import DomainError
from app.domain.numbers import number_of
from app.domain.regions import covers
from app.domain.terms import WindowKind
from app.domain.text import N_
from app.extensions import db
from app.models import PostCategory, Region, Stage, Subject
from app.services.declarations import Upload
from app.services.grants import coverage
from app.services.windows import batches_of_the_year, is_open
from app.web.i18n import sentence

SEVERAL = ("stages", "post_categories", "subjects", "regions")
MOST_INDEX = 200  # of a repeated part: the rules refuse far fewer
FORM = (
    "title", "kind", "batch", "credit_hours", "credits", "stages", "post_categories", "subjects", "regions", "goals",
    "contents", "outline", "assessment", "lecturers", "classes", "plan_file",
)  # fmt: skip
ROWS = {
    name: at
    for names in (
        ("name", "workplace", "position"),
        ("starts_on", "ends_on", "planned_seats", "place", "fee", "boarding", "sessions"),
        ("day", "starts_at", "ends_at", "topic", "lecturer"),
    )
    for at, name in enumerate(names)
}
EMPTY_CLASS: dict[str, Any] = {"sessions": []}


@dataclass(frozen=True)
class Shown:
    """A problem on the page: the sentence, the control it belongs to (empty: the whole), and where that is in words."""

    text: str
    field: str
    place: str = ""

    @property
    def line(self) -> str:
        """The sentence behind its place, for the summary."""
        return _("%(place)s: %(problem)s", place=self.place, problem=self.text) if self.place else self.text


def typed_form() -> dict[str, Any]:
    """Return the tree of texts of the posted form: `classes-0-sessions-1-day` and the like."""
    tree: dict[str, Any] = {name: request.form.getlist(name) for name in SEVERAL}
    branches: dict[str, dict[int, Any]] = {}
    for name, value in request.form.items():
        parts = name.split("-")
        if len(parts) == 1 and name not in SEVERAL:
            tree[name] = value
        elif len(parts) in (3, 5) and all(_is_index(part) for part in parts[1::2]):
            _put(branches, parts, value)
    return tree | {name: _listed(rows) for name, rows in branches.items()}


def _is_index(text: str) -> bool:
    number = number_of(text)
    return number is not None and number < MOST_INDEX


def _put(branches: dict[str, dict[int, Any]], parts: Sequence[str], value: str) -> None:
    row = branches.setdefault(parts[0], {}).setdefault(int(parts[1]), {})
    if len(parts) == 3:
        row[parts[2]] = value
    else:
        row.setdefault(parts[2], {}).setdefault(int(parts[3]), {})[parts[4]] = value


def _listed(rows: dict[int, Any]) -> list[Any]:
    """Return the rows in the order of their numbers, whatever numbers removal has left."""
    return [
        {name: _listed(value) if isinstance(value, dict) else value for name, value in rows[number].items()}
        for number in sorted(rows)
    ]


def uploaded() -> Upload | None:
    """Return the chosen plan file, None when none was chosen."""
    file = request.files.get("plan_file")
    return Upload(file.filename, file.read()) if file and file.filename else None


def shown_problems(error: DomainError | None, numbers: dict[int, int] | None = None) -> list[Shown]:
    """Return the problems of an error for the page; `numbers` (class id → number) where controls name ids."""
    found = sorted(error.problems, key=lambda p: _position(p.field or "")) if error else []
    return [Shown(sentence(p), p.field or "", place_of(p.field or "", numbers)) for p in found]


def _position(field: str) -> tuple[int, ...]:
    """Return where a control stands on the page, to tell problems from top to bottom; what has none stands in front."""
    root, *path = field.split("-")
    first = FORM.index(root) + 1 if root in FORM else 0
    return (first, *(ROWS.get(part, number_of(part) or 0) for part in path))


def place_of(field: str, numbers: dict[int, int] | None = None) -> str:
    """Return where a control stands, in words, for the summary of problems: “Class 2 · First day”."""
    parts = field.split("-")
    if not field or parts[-1] not in _NAMES:
        return ""
    words = [_(_NAMES[parts[-1]])]
    if parts[0] == "lecturers":
        words.insert(0, _("Lecturer %(number)d", number=int(parts[1]) + 1))
    elif parts[0] == "classes" and len(parts) == 5:
        words.insert(0, _("Session %(number)d", number=int(parts[3]) + 1))
    if parts[0] == "classes" and len(parts) in (3, 5):
        key = int(parts[1])
        words.insert(0, _("Class %(number)d", number=numbers.get(key, 0) if numbers else key + 1))
    return " · ".join(words)


_NAMES = {
    "title": N_("Programme title"), "kind": N_("Kind of training"), "batch": N_("Batch"), "goals": N_("Goals"),
    "credit_hours": N_("Credit hours"), "credits": N_("Credits"), "contents": N_("Training contents"),
    "outline": N_("Outline"), "assessment": N_("Assessment"), "regions": N_("Target regions"),
    "plan_file": N_("Training plan"), "name": N_("Lecturer's name"), "workplace": N_("Workplace"),
    "position": N_("Title or post"), "starts_on": N_("First day"), "ends_on": N_("Last day"), "place": N_("Place"),
    "planned_seats": N_("Planned seats"), "fee": N_("Fee in yuan"), "boarding": N_("Board and lodging"),
    "day": N_("Day"), "starts_at": N_("Begins"), "ends_at": N_("Ends"), "topic": N_("Topic"),
    "lecturer": N_("Lecturer"), "classes_allowed": N_("Classes allowed"), "score": N_("Score from 0 to 100"),
    "comment": N_("Comment"), "reason": N_("Reason"),
}  # fmt: skip


def by_field(problems: Iterable[Shown]) -> dict[str, str]:
    """Return control name → what is wrong with it."""
    found: dict[str, str] = {}
    for problem in problems:
        if problem.field:
            found[problem.field] = f"{found.get(problem.field, '')} {problem.text}".strip()
    return found


def filled(typed: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed as the template needs it: at least one class and one lecturer to fill in."""
    shown = cleaned(typed)
    shown["classes"] = shown.get("classes") or [dict(EMPTY_CLASS)]
    shown["lecturers"] = shown.get("lecturers") or [{}]
    return shown


def choices(institution_id: int) -> dict[str, Any]:
    """Return what can be chosen: batches, kinds, reference lists, and the regions granted today."""
    batches = [(b, is_open(b, WindowKind.DECLARATION)) for b in batches_of_the_year()]
    return {
        "batches": batches,
        "kinds": [(kind.value, _(kind.label)) for kind in DECLARABLE],
        "lists": [(name, label, _in_use(model)) for name, label, model in _lists()],
        "nodes": granted_nodes(institution_id),
    }


def _lists() -> tuple[tuple[str, str, type[Any]], ...]:
    return (
        ("stages", _("School stages"), Stage),
        ("post_categories", _("Post categories"), PostCategory),
        ("subjects", _("Subjects"), Subject),
    )


def _in_use(model: type[Any]) -> list[Any]:
    return list(db.session.scalars(select(model).where(model.in_use.is_(True)).order_by(model.position, model.id)))


def granted_nodes(institution_id: int) -> list[dict[str, Any]]:
    """Return the tree of the regions granted today; a granted node without its superior stands at the top."""
    granted = coverage(institution_id)
    nodes: dict[int, dict[str, Any]] = {}
    roots: list[dict[str, Any]] = []
    names: dict[int, str] = {}
    for region in db.session.scalars(select(Region).order_by(Region.path)):
        names[region.id] = region.name
        if not covers(granted, region.path):
            continue
        above = nodes.get(region.parent_id or 0)
        prefix = "" if above or region.parent_id is None or region.level.value != "county" else names[region.parent_id]
        nodes[region.id] = {"id": region.id, "name": f"{prefix} {region.name}".strip(), "children": []}
        (above["children"] if above else roots).append(nodes[region.id])
    return roots
