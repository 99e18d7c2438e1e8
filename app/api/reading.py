"""The description of the API as people read it: chapters of calls, made from the same OpenAPI as programs get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.domain.text import N_
from app.views.fab.columns import entity_called, label_of, property_of
from app.web.i18n import translate

METHODS = ("get", "post", "put", "delete")
FIRST = ("Session", "Commands")  # signing in, and what changes something; then the rows, by name
CHAPTERS = {
    "Session": N_("Signing in"),
    "Commands": N_("Commands"),
    "Documentation": N_("Description"),
    "TeacherStatistics": N_("Statistics of teachers"),
    "TeacherQuality": N_("Data quality"),
}
# What stands in the descriptions of routes and commands, so that it is told in Chinese.
SUMMARIES = (
    N_("This description"),
    N_("Sign in; the token is shown this once"),
    N_("One's own tokens that are still good; the tokens themselves are never shown again"),
    N_("Revoke one of one's own tokens"),
    N_("A page of the rows within scope"),
    N_("One row within scope"),
    N_("Columns, filters and orders of this resource, and what the caller may do"),
    N_("Teachers within scope, counted by one dimension and side by side by another"),
    N_("Faults of teachers' records by place within scope"),
    N_("Create an account"),
    N_("Change an account"),
    N_("Give a new first password"),
    N_("Make the accounts of teachers who have none"),
    N_("Let an account sign in"),
    N_("Keep an account out"),
    N_("End the lock of an account"),
    N_("Delete an account"),
    N_("Create a bureau"),
    N_("Change a bureau"),
    N_("Create an institution"),
    N_("Change an institution"),
    N_("Grant regions to institutions"),
    N_("Revoke a region grant"),
    N_("Merge schools into another one"),
    N_("Split a school"),
    N_("Add a batch with its windows, to a year there is or a new one"),
    N_("Set the name of a batch and all its windows"),
    N_("Store a declaration"),
    N_("Hand a declaration in"),
    N_("Take a declaration back"),
    N_("Decide about classes"),
    N_("Adjust a declaration"),
    N_("Ask experts for their opinion"),
    N_("Give an opinion"),
    N_("Create a school"),
    N_("Change a school"),
    N_("Save many teachers in one go"),
    N_("Change fields of one's own record"),
    N_("Ask the school for changes of one's record"),
    N_("Approve change requests"),
    N_("Refuse change requests, with a reason"),
    N_("Create a teacher's record"),
    N_("Change a teacher's record"),
    N_("Set one field on many teachers"),
    N_("Delete a teacher's record"),
    N_("Restore a deleted record"),
    N_("Remove a deleted record for good"),
    N_("See protected numbers; this is recorded"),
    N_("Find whom a transfer is about"),
    N_("Ask for a transfer, or carry it out"),
    N_("Release teachers other schools ask for"),
    N_("Take in teachers other schools send"),
    N_("Refuse transfers, with a reason"),
    N_("Take own requests back"),
    N_("End secondments before their last day"),
    N_("Freeze the candidate list of a class"),
    N_("Draw a frozen class, once"),
    N_("Fill free seats from the reserve list"),
    N_("Give a class more seats"),
    N_("Cancel a class"),
    N_("Ask the bureau to cancel a class"),
    N_("Grant or refuse a request"),
    N_("Work out what a number of seats would mean"),
    N_("Enroll oneself, or a teacher of one's school as proxy"),
    N_("Withdraw an enrollment"),
    N_("Approve for the school or, at a checkpoint, the bureau"),
    N_("Reject for the school or the bureau"),
    N_("Take back the school's own review"),
    N_("Admit for the institution"),
    N_("Decline for the institution"),
    N_("Upload a workbook and plan it"),
    N_("Read the plan of an import"),
    N_("Apply exactly the plan, or go on"),
    N_("Stop the running work"),
    N_("Give up an import"),
)


@dataclass(frozen=True, slots=True)
class Given:
    """Something a call takes: its name, where it stands, its type, what it means."""

    name: str
    place: str
    kind: str
    about: str
    required: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one address."""

    method: str
    path: str
    summary: str
    given: list[Given]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The calls of one kind of rows, or of one purpose."""

    name: str
    title: str
    calls: list[Call]


def chapters(spec: dict[str, Any]) -> list[Chapter]:
    """Return the description by chapters: signing in, the commands, then the rows by their name."""
    found: dict[str, list[Call]] = {}
    for path, operations in spec["paths"].items():
        for method in METHODS:
            if method in operations:
                tag = operations[method]["tags"][0]
                found.setdefault(tag, []).append(_call(spec, tag, path, method, operations[method]))
    made = [Chapter(tag, _title(tag), calls) for tag, calls in found.items()]
    return sorted(made, key=lambda one: (one.name not in FIRST, one.name not in FIRST[:1], one.title))


def _title(tag: str) -> str:
    model = entity_called(tag)
    return _(model.__label__ if model else CHAPTERS.get(tag, tag))


def _call(spec: dict[str, Any], tag: str, path: str, method: str, operation: dict[str, Any]) -> Call:
    model = entity_called(tag)
    given = [_parameter(model, one) for one in operation.get("parameters", ())]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return Call(method.upper(), path, translate(operation["summary"]), given + _fields(spec, content.get("schema", {})))


def _parameter(model: Any, told: dict[str, Any]) -> Given:
    name = told["name"]
    place = _("in the address") if told["in"] == "path" else _("after the question mark")
    return Given(name, place, _kind(told.get("schema", {})), _about(model, name), bool(told.get("required")))


def _fields(spec: dict[str, Any], schema: dict[str, Any]) -> list[Given]:
    shape = spec["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    required = set(shape.get("required", ()))
    return [
        Given(name, _("in the body"), _kind(part), part.get("description", ""), name in required)
        for name, part in shape.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    words = {"integer": _("number"), "boolean": _("true or false"), "array": _("list"), "object": _("object")}
    kind = words.get(schema.get("type", ""), _("text"))
    limits = [f"≤ {schema[name]}" for name in ("maximum", "maxLength", "maxItems") if name in schema]
    return " ".join([schema.get("format", kind), *limits])


def _about(model: Any, name: str) -> str:
    order = _("Column to order by; - in front turns it round")
    words = {"page": _("Page number"), "size": _("Rows on a page"), "order": order, "by": _("Count by"),
             "across": _("Side by side"), "region": _("Region"), "school": _("School")}  # fmt: skip
    if model is not None and property_of(model, name) is not None:
        return label_of(model, name)
    return words.get(name, "")
