"""A teacher's record as a whole: form, grid, import and API ask this one check (TCH-1, TCH-2).

`clean` takes what was given, by field name, and answers with the values to store and every problem at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from app.domain.choices import Choice, Choices
from app.domain.dates import months_in
from app.domain.errors import Invalid, Problem, problem
from app.domain.identity import NationalId, disagreements, mask_phone
from app.domain.names import normalise_text
from app.domain.teacher_fields import READERS
from app.domain.terms import TeacherStatus
from app.domain.text import N_

# Field → the column that holds the chosen row's number.
REFERENCES: Mapping[str, str] = MappingProxyType(
    {name: f"{name}_id" for name in ("school", "stage", "grade", "subject", "post_category", "title")}
)
FIELDS: tuple[str, ...] = (
    "teacher_number", "name", "gender", "national_id", "birth_date", "school", "stage", "grade", "subject",
    "post_category", "title", "mobile", "office_phone", "email", "status",
)  # fmt: skip
REQUIRED = frozenset({"name", "national_id", "gender", "birth_date", "school", "stage", "subject"})
FROM_THE_ID = ("birth_date", "gender")
_NEEDED = tuple((name, REFERENCES.get(name, name)) for name in FIELDS if name in REQUIRED)
MASKED = frozenset({"national_id", "mobile"})  # fields an export shows in part only
# Only a transfer writes these; giving the present value again, as an export does, is no change.
BY_TRANSFER = frozenset({"school", "status"})
NOTHING: Mapping[str, Any] = MappingProxyType({})

FIXED = BY_TRANSFER | {"teacher_number"}

_REQUIRED = N_("Please fill this in.")
_MASKED = N_("This is the masked form of another number; type the number whole, or leave the cell as it was exported.")
_MASKED_ALONE = N_("A masked number names nobody; add the teacher number, or type the number whole.")
_ANOTHER_SCHOOL = N_("A teacher changes school by a transfer; start one from the teacher's page.")
_ANOTHER_STATUS = N_("The status changes by a transfer, a secondment or leaving; start one from the teacher's page.")


@dataclass(slots=True)
class Cleaned:
    """The answer: `values` by column (`school_id`, `national_id` as `NationalId`), and what is wrong, by field."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def raise_if_any(self) -> dict[str, Any]:
        """Return the values, or raise Invalid with every problem."""
        if self.problems:
            raise Invalid(self.problems)
        return self.values


def is_blank(given: Any) -> bool:
    """Tell whether nothing was given."""
    if given is None:
        return True
    return isinstance(given, str) and not given[:1].isalnum() and not normalise_text(given)


def clean(raw: Mapping[str, Any], lists: Mapping[str, Choices], *, before: Mapping[str, Any] | None = None) -> Cleaned:
    """Check the fields `raw` of one person; `lists` holds the reference lists and schools by field name.

    `before` are the stored values by column (`national_id` as `NationalId`, or left out); then only the fields given
    are checked, against what stays, and the answer holds only what changes. None means a new person: every required
    field has to be there. A choice may be given as its name, its code or a `Choice`; a masked number stands for the
    stored one.
    """
    answer = Cleaned()
    for name in FIELDS:
        if name in raw:
            _read(name, raw[name], lists, before, answer)
    _fill_from_id(raw, before, answer)
    _agree_with_id(before or NOTHING, answer)
    _agree_grade(lists, before or NOTHING, answer)
    if before is None:
        _ask_for_missing(answer)
        _begin_employed(answer)
    else:
        _keep_place(answer)
    return answer


def _read(name: str, given: Any, lists: Mapping[str, Choices], before: Mapping[str, Any] | None, to: Cleaned) -> None:
    column = REFERENCES.get(name, name)
    if is_blank(given):
        _read_blank(name, column, before, to)
        return
    if name in MASKED and isinstance(given, str) and "*" in given:
        if before is None or not _is_mask_of(name, str(given), before):
            to.problems.append(problem("masked", _MASKED if before else _MASKED_ALONE, field=name))
        return
    stored = before.get(column) if before else None
    if stored is not None and isinstance(stored, str) and normalise_text(str(given)) == stored:
        return  # what is stored already may stay, even if it would not be taken today
    if name == "birth_date":
        given = _day_of_month(given, before or NOTHING, to)
    try:
        value = _chosen(name, given, lists[name], stored) if name in REFERENCES else READERS[name](given, field=name)
    except Invalid as error:
        to.problems += error.problems
        return
    if before is None or value != stored:
        to.values[column] = value


def _day_of_month(given: Any, before: Mapping[str, Any], to: Cleaned) -> Any:
    """Return the day of birth where only its month was given and the ID number or the record tells the day."""
    identity: NationalId | None = to.values.get("national_id", before.get("national_id"))
    known = identity.birth_date if identity is not None else before.get("birth_date")
    return known if known is not None and (known.year, known.month) in months_in(given) else given


def _read_blank(name: str, column: str, before: Mapping[str, Any] | None, to: Cleaned) -> None:
    """A blank empties the field; a required one must not lose what it has, place and number stay as they are."""
    if name in FIXED:
        return
    if before is not None and name in REQUIRED and before.get(column) is not None:
        to.problems.append(problem("missing", _REQUIRED, field=name))
    elif before is None or before.get(column) is not None:
        to.values[column] = None


def _is_mask_of(name: str, given: str, before: Mapping[str, Any]) -> bool:
    """Tell whether `given` is what an export shows of the stored number to who may not see it whole (OPS-3)."""
    if name == "mobile":
        return given.strip() == mask_phone(before.get("mobile") or "")
    return given.strip()[-4:] == before.get("national_id_tail")


def _chosen(name: str, given: Any, among: Choices, present: int | None) -> int:
    found = given if isinstance(given, Choice) else among.find(_as_text(given), field=name, present=present)
    if not found.in_use and found.key != present:
        text = N_("“%(given)s” is no longer in use; choose another.")
        raise Invalid(problem("choice_not_in_use", text, field=name, given=found.name))
    return found.key


def _as_text(given: Any) -> str:
    """Return a name or code as text; the code a spreadsheet holds as 330106901.0 without the point."""
    return str(int(given)) if isinstance(given, float) and given.is_integer() else str(given)


def _fill_from_id(raw: Mapping[str, Any], before: Mapping[str, Any] | None, to: Cleaned) -> None:
    """Take birth date and gender from a good ID number where they were left out."""
    identity = to.values.get("national_id")
    if identity is None:
        return
    for name in FROM_THE_ID:
        if is_blank(raw.get(name)) and (before is None or name in raw or before.get(name) is None):
            to.values[name] = getattr(identity, name)
            to.problems = [p for p in to.problems if p.field != name]


def _agree_with_id(before: Mapping[str, Any], to: Cleaned) -> None:
    """Compare birth date and gender with the ID number, as they will stand together."""
    if not {"national_id", *FROM_THE_ID} & to.values.keys():
        return
    identity: NationalId | None = to.values.get("national_id", before.get("national_id"))
    if identity is not None:
        facts = {name: to.values.get(name, before.get(name)) for name in FROM_THE_ID}
        to.problems += disagreements(identity, birth_date=facts["birth_date"], gender=facts["gender"])


def _agree_grade(lists: Mapping[str, Choices], before: Mapping[str, Any], to: Cleaned) -> None:
    """A grade belongs to its stage: an empty stage is filled from the grade, another one is refused."""
    key = to.values.get("grade_id", before.get("grade_id"))
    if key is None or not {"grade_id", "stage_id"} & to.values.keys():
        return
    grade = lists["grade"].by_key.get(key)
    stage = to.values.get("stage_id", before.get("stage_id"))
    if grade is None or grade.above is None or grade.above == stage:
        return
    if stage is None:
        to.values["stage_id"] = grade.above
        to.problems = [p for p in to.problems if p.field != "stage"]
        return
    text = N_("The grade “%(grade)s” does not belong to this school stage; choose a grade of the stage.")
    to.problems.append(problem("grade_of_other_stage", text, field="grade", grade=grade.name))


def _ask_for_missing(to: Cleaned) -> None:
    missing = [name for name, column in _NEEDED if to.values.get(column) is None]
    if not missing:
        return
    named = {p.field for p in to.problems}
    missing = [name for name in missing if name not in named]
    if "national_id" in missing or "national_id" in named:  # what the ID number would tell is not asked for twice
        missing = [name for name in missing if name not in FROM_THE_ID]
    to.problems += [problem("missing", _REQUIRED, field=name) for name in missing]


def _begin_employed(to: Cleaned) -> None:
    """A new person begins employed, with a number of the platform's."""
    if to.values.pop("status", TeacherStatus.EMPLOYED) is not TeacherStatus.EMPLOYED:
        text = N_("A new record begins with the status 在职 (employed); leave the field empty.")
        to.problems.append(problem("status_of_new", text, field="status"))
    if to.values.pop("teacher_number", None) is not None:
        text = N_(
            "Nobody in your scope has this teacher number. Leave it empty for a new person: the platform gives it."
        )
        to.problems.append(problem("teacher_number_unknown", text, field="teacher_number"))


def _keep_place(to: Cleaned) -> None:
    """Refuse another school, status or teacher number."""
    for name, text in (("school", _ANOTHER_SCHOOL), ("status", _ANOTHER_STATUS)):
        column = REFERENCES.get(name, name)
        if to.values.pop(column, None) is not None:
            to.problems.append(problem(f"{name}_by_transfer", text, field=name))
    if to.values.pop("teacher_number", None) is not None:
        text = N_("A teacher number never changes; leave the present one.")
        to.problems.append(problem("teacher_number_fixed", text, field="teacher_number"))
