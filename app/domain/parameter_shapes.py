"""What a parameter is made of: its type, unit, range, and how a typed value is read and checked.

Empty means "no limit" only where a parameter says so; 0 never does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from app.domain.errors import Invalid, Problem, problem
from app.domain.text import N_, LabelledEnum, Text

Value: TypeAlias = int | bool | str | tuple[str, ...] | None


class ParameterGroup(LabelledEnum):
    """The parts of the parameter page."""

    ENROLLMENT = "enrollment", N_("Enrollment rules")
    CLASSES = "classes", N_("Programmes and classes")
    DELIVERY = "delivery", N_("Attendance and evaluation")
    HOURS = "hours", N_("Hours and cycles")
    TEACHERS = "teachers", N_("Teachers and transfers")
    ACCOUNTS = "accounts", N_("Accounts and sign-in")


class ParameterKind(LabelledEnum):
    """How a parameter is typed in."""

    NUMBER = "number", N_("Whole number")
    SWITCH = "switch", N_("Yes or no")
    CHOICE = "choice", N_("One of a list")
    CHOICES = "choices", N_("Several of a list")


class Unit(LabelledEnum):
    """What a number counts."""

    TRAINEES = "trainees", N_("trainees")
    CREDIT_HOURS = "credit_hours", N_("credit hours")
    CLASSES = "classes", N_("classes")
    CLOCK_HOURS = "clock_hours", N_("hours")
    PERCENT = "percent", N_("percent")
    KILOBYTES = "kilobytes", N_("KB")
    DAYS = "days", N_("days")
    MINUTES = "minutes", N_("minutes")
    YEARS = "years", N_("years")
    POINTS = "points", N_("points")
    ANSWERS = "answers", N_("answers")
    FAILURES = "failures", N_("failed attempts")
    CHARACTERS = "characters", N_("characters")


class PlanFileType(LabelledEnum):
    """File types a training plan may have (P8)."""

    DOC = "doc", N_("Word 97 document (doc)")
    DOCX = "docx", N_("Word document (docx)")
    XLS = "xls", N_("Excel 97 workbook (xls)")
    XLSX = "xlsx", N_("Excel workbook (xlsx)")
    PDF = "pdf", N_("PDF document (pdf)")


class EditableField(LabelledEnum):
    """Fields of the own record that teachers may be allowed to edit without asking (P20, TCH-3)."""

    SUBJECT = "subject", N_("Subject")
    MOBILE = "mobile", N_("Mobile number")
    OFFICE_PHONE = "office_phone", N_("Office phone")
    EMAIL = "email", N_("E-mail")
    GRADE = "grade", N_("Grade")
    STAGE = "stage", N_("School stage")
    POST_CATEGORY = "post_category", N_("Post category")
    TITLE = "title", N_("Professional title")


SWITCH_WORDS: Mapping[str, bool] = {
    **dict.fromkeys(("yes", "true", "on", "1", "是", "开"), True),
    **dict.fromkeys(("no", "false", "off", "0", "否", "关"), False),
}


@dataclass(frozen=True)
class Parameter:
    """One value the province sets: what it is, its default, and what may be typed.

    `id` is the P number several names may share; `optional` says that empty means "no limit"; `per_year` that each
    training year may have its own value (otherwise one value holds for the platform).
    """

    id: str
    name: str
    label: str
    help: str
    group: ParameterGroup
    kind: ParameterKind
    default: Value
    unit: Unit | None = None
    minimum: int = 0
    maximum: int = 0
    choices: type[LabelledEnum] | None = None
    optional: bool = False
    per_year: bool = True

    def parse(self, text: str) -> Value:
        """Return the value typed as `text`; raise `Invalid` naming the field and how to mend it."""
        clean = unicodedata.normalize("NFKC", text).strip()
        if not clean:
            return self.check(() if self.kind is ParameterKind.CHOICES else None)
        return self.check(_READERS[self.kind](clean))

    def format(self, value: Value) -> str:
        """Return the text that `parse` reads back as `value`, as it is stored and shown in an input."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return ",".join(value) if isinstance(value, tuple) else str(value)

    def check(self, value: Value) -> Value:
        """Return `value` (a choice as its word), or raise `Invalid` when the parameter cannot hold it."""
        found = self.problem_with(value)
        if found:
            raise Invalid(found)
        return self.choices(value) if self.choices and isinstance(value, str) else value

    def problem_with(self, value: Value) -> Problem | None:
        """Return what is wrong with `value`, None when nothing is."""
        if value is None:
            return (
                None if self.optional else self._problem("empty", N_("%(label)s: enter a value; empty is not allowed."))
            )
        if self.kind is ParameterKind.NUMBER:
            return self._number_problem(value)
        if self.kind is ParameterKind.SWITCH:
            return None if isinstance(value, bool) else self._not_a_choice(str(value))
        return self._choice_problem(value)

    def _number_problem(self, value: Value) -> Problem | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return self._problem("not_a_number", N_("%(label)s: “%(given)s” is not a whole number."), given=str(value))
        if self.minimum <= value <= self.maximum:
            return None
        if value == 0 and self.optional:
            text = N_("%(label)s: 0 does not mean “no limit”. Leave it empty for no limit.")
            return self._problem("zero_is_not_unlimited", text)
        text = N_("%(label)s: enter a number from %(minimum)s to %(maximum)s.")
        return self._problem("out_of_range", text, minimum=self.minimum, maximum=self.maximum)

    def _choice_problem(self, value: Value) -> Problem | None:
        if isinstance(value, tuple) != (self.kind is ParameterKind.CHOICES):
            return self._not_a_choice(str(value))
        if value == ():
            return self._problem("empty", N_("%(label)s: choose at least one."))
        known = {member.value for member in self.choices or ()}
        wrong = [item for item in (value if isinstance(value, tuple) else (value,)) if item not in known]
        return self._not_a_choice(", ".join(map(str, wrong))) if wrong else None

    def _not_a_choice(self, given: str) -> Problem:
        return self._problem("not_a_choice", N_("%(label)s: “%(given)s” is not in the list."), given=given)

    def _problem(self, code: str, msgid: str, **params: Any) -> Problem:
        return problem(code, msgid, field=self.name, label=Text(self.label), **params)


def _read_number(text: str) -> Any:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else text


def _read_choices(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in re.split(r"[,;、\s]+", text.lower()) if part))


# What cannot be read stays text, and `Parameter.check` refuses it by name.
_READERS: Mapping[ParameterKind, Callable[[str], Any]] = {
    ParameterKind.NUMBER: _read_number,
    ParameterKind.SWITCH: lambda text: SWITCH_WORDS.get(text.lower(), text),
    ParameterKind.CHOICE: str.lower,
    ParameterKind.CHOICES: _read_choices,
}


def number(
    pid: str,
    name: str,
    group: ParameterGroup,
    default: int | None,
    limits: tuple[int, int],
    unit: Unit,
    label: str,
    about: str,
    *,
    optional: bool = False,
) -> Parameter:
    """Return a parameter that holds a whole number of `unit` within `limits`, both included."""
    low, high = limits
    return Parameter(pid, name, label, about, group, ParameterKind.NUMBER, default, unit, low, high, optional=optional)


def switch(pid: str, name: str, group: ParameterGroup, default: bool, label: str, about: str) -> Parameter:
    """Return a parameter that is on or off."""
    return Parameter(pid, name, label, about, group, ParameterKind.SWITCH, default)


def choice(
    pid: str,
    name: str,
    group: ParameterGroup,
    default: LabelledEnum,
    words: type[LabelledEnum],
    label: str,
    about: str,
) -> Parameter:
    """Return a parameter that holds one of `words`."""
    return Parameter(pid, name, label, about, group, ParameterKind.CHOICE, default, choices=words)


def choices(
    pid: str,
    name: str,
    group: ParameterGroup,
    default: tuple[LabelledEnum, ...],
    words: type[LabelledEnum],
    label: str,
    about: str,
) -> Parameter:
    """Return a parameter that holds some of `words`."""
    return Parameter(pid, name, label, about, group, ParameterKind.CHOICES, default, choices=words)
