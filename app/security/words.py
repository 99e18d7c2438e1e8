"""Permissions in words: what a verb allows, what a resource is, and the chapter it belongs to (ACC-12).

A new verb or page in `roles.py` needs its word here; entities are named by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app import models
from app.domain.text import N_

VERBS: dict[str, str] = {
    "read": N_("Look at"),
    "create": N_("Add new ones"),
    "edit": N_("Change"),
    "delete": N_("Delete"),
    "export": N_("Export"),
    "import": N_("Import"),
    "grant": N_("Grant regions"),
    "merge": N_("Merge and split"),
    "reveal": N_("See protected values"),
    "restore": N_("Bring back deleted ones"),
    "purge": N_("Delete for good"),
    "reset": N_("Reset passwords"),
    "unlock": N_("Unlock"),
    "declare": N_("Declare programmes"),
    "submit": N_("Submit"),
    "review": N_("Review"),
    "adjust": N_("Adjust what was declared"),
    "ask": N_("Ask experts"),
    "give": N_("Give an opinion"),
    "expand": N_("Expand"),
    "cancel": N_("Cancel classes"),
    "open": N_("Open classes"),
    "complete": N_("Complete classes"),
    "credit": N_("Credit the hours"),
    "request": N_("Request"),
    "decide": N_("Decide requests"),
    "override": N_("Go past the limit"),
    "enroll": N_("Enroll"),
    "proxy": N_("Enroll for others"),
    "withdraw": N_("Withdraw"),
    "confirm": N_("Confirm or decline"),
    "reassign": N_("Reassign to another class"),
    "promote": N_("Promote from the reserve list"),
    "mark": N_("Mark favourites"),
    "freeze": N_("Freeze the candidate list"),
    "draw": N_("Draw"),
    "transfer": N_("Transfer teachers"),
    "file": N_("Ask for changes"),
}
# What is no entity: pages, and the framework's own tables.
RESOURCES: dict[str, str] = {
    "Calendar": N_("Calendar"),
    "Home": N_("Workbench"),
    "Parameter": N_("Parameters"),
    "Role": N_("Roles and permissions"),
    "TeacherQuality": N_("Data quality"),
    "TeacherStatistics": N_("Statistics of teachers"),
}
# Where an entity belongs, by the module it is declared in; in the order of the matrix.
CHAPTERS: dict[str, str] = {
    "places": N_("Organisations"),
    "people": N_("Teachers"),
    "transfers": N_("Teachers"),
    "calendar": N_("Years and windows"),
    "programmes": N_("Programmes"),
    "lecturers": N_("Programmes"),
    "classes": N_("Classes"),
    "enrollment": N_("Enrollments and draws"),
    "evaluation": N_("Evaluation"),
    "reference": N_("Reference lists"),
    "accounts": N_("Accounts and permissions"),
    "operation": N_("Operation"),
}
OTHER = N_("Further")
_CHAPTER_OF_PAGE = {"Calendar": "calendar", "Role": "accounts", "Parameter": "operation", "Home": "operation"}


def verb_label(verb: str) -> str:
    """Return the msgid of what `verb` allows."""
    return VERBS.get(verb, verb)


def resource_label(resource: str) -> str:
    """Return the msgid of what `resource` is."""
    return RESOURCES.get(resource) or str(getattr(getattr(models, resource, None), "__label__", resource))


def chapter_of(resource: str) -> str:
    """Return the msgid of the chapter `resource` belongs to."""
    entity: Any = getattr(models, resource, None)
    module = _CHAPTER_OF_PAGE.get(resource) or (entity.__module__.rpartition(".")[2] if entity is not None else "")
    return CHAPTERS.get(module) or OTHER


def by_chapter(resources: Iterable[str]) -> dict[str, list[str]]:
    """Return the resources of each chapter, chapters and resources in their order."""
    order = [*dict.fromkeys(CHAPTERS.values()), OTHER]
    found: dict[str, list[str]] = {chapter: [] for chapter in order}
    for resource in resources:
        found[chapter_of(resource)].append(resource)
    return {chapter: names for chapter, names in found.items() if names}
