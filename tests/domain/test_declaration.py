"""Every refusal of a declaration: the text, the field it stands at, and that all come at once (PRG-2)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.domain.declaration import ClassLimit, Frame, class_limit, declaration_problems, upper_is_settled
from app.domain.declaration_input import cleaned, is_blank, read_declaration
from app.domain.terms import ClassState

XIHU, QINGYUAN = "/330000/330100/330106/", "/330000/331100/331126/"
FRAME = Frame(
    granted=["/330000/330100/"],
    targets={XIHU: "西湖区"},
    limit=ClassLimit(4),
    year=(date(2026, 1, 1), date(2026, 12, 31)),
)


def session(**changes: Any) -> dict[str, Any]:
    """A line of the timetable that is right."""
    usual = {"day": "2026-05-11", "starts_at": "08:30", "ends_at": "11:30", "topic": "教材解读", "lecturer": "方晓华"}
    return {**usual, **changes}


def training_class(**changes: Any) -> dict[str, Any]:
    """A class that is right."""
    usual = {"starts_on": "2026-05-11", "ends_on": "2026-05-13", "place": "报告厅", "planned_seats": "40", "fee": "380"}
    return {**usual, "sessions": [session()], **changes}


def typed(**changes: Any) -> dict[str, Any]:
    """A declaration that is right, as it is typed."""
    usual = {
        "title": "小学语文教学研修", "kind": "elective", "batch": "1", "credit_hours": "24", "credits": "3",
        "goals": "提升", "contents": "教材", "regions": ["7"], "lecturers": [{"name": "方晓华"}],
        "classes": [training_class()],
    }  # fmt: skip
    return {**usual, **changes}


def problems(frame: Frame = FRAME, **changes: Any) -> set[tuple[str | None, str]]:
    """Field and code of everything wrong with a declaration."""
    given, unread = read_declaration(cleaned(typed(**changes)))
    return {(p.field, p.code) for p in [*unread.found, *declaration_problems(given, frame)]}


def test_a_right_declaration_has_no_problem() -> None:
    assert problems() == set()


@pytest.mark.req("PRG-2")
@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"title": "  "}, "title", "missing"),
        ({"title": "长" * 101}, "title", "too_long"),
        ({"goals": ""}, "goals", "missing"),
        ({"contents": ""}, "contents", "missing"),
        ({"assessment": "评" * 2001}, "assessment", "too_long"),
        ({"kind": "called"}, "kind", "kind_missing"),
        ({"kind": "nonsense"}, "kind", "kind_missing"),
        ({"batch": ""}, "batch", "batch_missing"),
        ({"credit_hours": ""}, "credit_hours", "missing"),
        ({"credit_hours": "twenty"}, "credit_hours", "unreadable"),
        ({"credit_hours": "2.5"}, "credit_hours", "unreadable"),
        ({"credit_hours": "0"}, "credit_hours", "hours_out_of_range"),
        ({"credit_hours": "1000"}, "credit_hours", "hours_out_of_range"),
        ({"credit_hours": "9" * 5000}, "credit_hours", "unreadable"),
        ({"credits": "-1"}, "credits", "credits_out_of_range"),
        ({"credits": "NaN"}, "credits", "unreadable"),
        ({"lecturers": []}, "lecturers-0-name", "no_lecturer"),
        ({"lecturers": [{"workplace": "大学"}]}, "lecturers-0-name", "missing"),
        ({"lecturers": [{"name": "方晓华"}, {"name": "方晓华"}]}, "lecturers-1-name", "lecturer_twice"),
        ({"lecturers": [{"name": "方晓华"}, *({"name": f"某{n}"} for n in range(40))]}, "lecturers-0-name",
         "too_many_lecturers"),
        ({"classes": []}, "classes", "no_class"),
        ({"classes": [training_class()] * 5}, "classes", "too_many_classes"),
    ],
)  # fmt: skip
def test_the_upper_part_refuses(changes: dict[str, Any], field: str, code: str) -> None:
    assert (field, code) in problems(**changes)


@pytest.mark.req("PRG-2")
@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"ends_on": "2026-05-10", "sessions": []}, "ends_on", "ends_before_start"),
        ({"starts_on": ""}, "starts_on", "missing"),
        ({"starts_on": "11/05/2026"}, "starts_on", "unreadable"),
        ({"starts_on": "2026-02-30"}, "starts_on", "unreadable"),
        ({"starts_on": "2027-01-04", "ends_on": "2027-01-05", "sessions": []}, "starts_on", "outside_the_year"),
        ({"planned_seats": "0"}, "planned_seats", "seats_out_of_range"),
        ({"planned_seats": "-3"}, "planned_seats", "seats_out_of_range"),
        ({"planned_seats": "5001"}, "planned_seats", "seats_out_of_range"),
        ({"place": ""}, "place", "missing"),
        ({"fee": "-1"}, "fee", "fee_out_of_range"),
        ({"fee": "free"}, "fee", "unreadable"),
        ({"sessions": [session(day="2026-05-14")]}, "sessions-0-day", "session_outside_class"),
        ({"sessions": [session(ends_at="08:30")]}, "sessions-0-ends_at", "session_backwards"),
        ({"sessions": [session(starts_at="25:00")]}, "sessions-0-starts_at", "unreadable"),
        ({"sessions": [session(topic="")]}, "sessions-0-topic", "missing"),
        ({"sessions": [session(lecturer="路人")]}, "sessions-0-lecturer", "lecturer_unknown"),
        ({"sessions": [session(), session(starts_at="11:29", ends_at="12:00")]}, "sessions-1-starts_at",
         "sessions_overlap"),
        ({"sessions": [session(starts_at=f"{n // 60:02}:{n % 60:02}", ends_at=f"{n // 60:02}:{n % 60 + 1:02}")
                       for n in range(61) if n % 60 != 59]}, "sessions-0-day", None),
    ],
)  # fmt: skip
def test_the_lower_part_refuses(changes: dict[str, Any], field: str, code: str | None) -> None:
    found = problems(classes=[training_class(**changes)])
    assert code is None or (f"classes-0-{field}", code) in found


@pytest.mark.req("PRG-2")
def test_sessions_may_touch_and_run_at_the_same_time_on_other_days() -> None:
    rows = [session(), session(starts_at="11:30", ends_at="12:00"), session(day="2026-05-12")]
    assert problems(classes=[training_class(sessions=rows)]) == set()


@pytest.mark.req("PRG-2")
def test_a_lecturer_teaches_one_class_at_a_time() -> None:
    one, other = training_class(), training_class(sessions=[session(starts_at="10:00", ends_at="12:00")])
    assert problems(classes=[one, other]) == {("classes-1-sessions-0-lecturer", "lecturer_double")}


@pytest.mark.req("PRG-2", "ORG-4")
def test_regions_outside_todays_grants_are_named() -> None:
    frame = Frame(granted=["/330000/330100/"], targets={XIHU: "西湖区", QINGYUAN: "庆元县"}, year=FRAME.year)
    given, _ = read_declaration(typed())
    [found] = declaration_problems(given, frame)
    assert (found.field, found.code, found.text.params["regions"]) == ("regions", "region_not_granted", "庆元县")
    assert problems(Frame(targets={}, year=FRAME.year)) == {("regions", "no_targets")}


@pytest.mark.req("PRG-2")
def test_the_bureau_may_allow_more_classes_for_one_programme() -> None:
    five = {"classes": [training_class(sessions=[])] * 5}
    assert ("classes", "too_many_classes") in problems(**five)
    more = Frame(granted=FRAME.granted, targets=FRAME.targets, limit=ClassLimit(5), year=FRAME.year)
    assert problems(more, **five) == set()


@pytest.mark.req("PRG-2", "P7")
def test_classes_that_are_not_typed_count_against_the_limit() -> None:
    states = [ClassState.OFFERED, ClassState.PENDING, ClassState.CANCELLED, ClassState.REFUSED, ClassState.DRAFT]
    limit = class_limit(4, states)
    assert (limit.fixed, limit.left, class_limit(1, states).left) == (3, 1, 0)
    frame = Frame(granted=FRAME.granted, targets=FRAME.targets, limit=limit, year=FRAME.year)
    two = {"classes": [training_class(sessions=[])] * 2}
    assert problems(frame) == set()
    assert problems(frame, **two) == {("classes", "too_many_classes")}
    [found] = declaration_problems(read_declaration(typed(**two))[0], frame)
    assert found.text.params == {"allowed": 4, "count": 5}


@pytest.mark.req("PRG-7")
def test_an_upper_part_is_settled_once_a_class_was_approved() -> None:
    asked = (ClassState.DRAFT, ClassState.REFUSED, ClassState.PENDING)
    assert not upper_is_settled(asked)
    assert all(upper_is_settled([*asked, state]) for state in set(ClassState) - set(asked))


SETTLED = read_declaration(typed(stages=["1", "2"], lecturers=[{"name": "方晓华", "position": "教授"}]))[0]
AFTERWARDS = Frame(granted=FRAME.granted, targets=FRAME.targets, year=FRAME.year, settled=SETTLED)
SAME = {"stages": ["2", "1"], "lecturers": [{"name": " 方晓华 "}], "credits": "3.0", "title": "小学语文教学研修 "}


@pytest.mark.req("PRG-7")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "改名"}, "title"), ({"credit_hours": "30"}, "credit_hours"), ({"credits": ""}, "credits"),
        ({"goals": "别的"}, "goals"), ({"outline": "新大纲"}, "outline"), ({"batch": "2"}, "batch"),
        ({"kind": "national"}, "kind"), ({"stages": ["1"]}, "stages"), ({"subjects": ["4"]}, "subjects"),
        ({"regions": ["7", "8"]}, "regions"), ({"lecturers": [{"name": "路人"}]}, "lecturers-0-name"),
        ({"lecturers": [{"name": "方晓华", "position": "讲师"}]}, "lecturers-0-name"),
    ],
)  # fmt: skip
def test_a_settled_upper_part_is_taken_as_it_stands_and_no_other(changes: dict[str, Any], field: str) -> None:
    assert problems(AFTERWARDS, **SAME) == set()
    assert (field, "upper_part_settled") in problems(AFTERWARDS, **{**SAME, **changes})


@pytest.mark.req("PRG-7")
def test_sessions_of_a_settled_programme_are_taught_by_its_lecturers() -> None:
    new = [training_class(sessions=[session(lecturer="路人")])]
    assert problems(AFTERWARDS, **SAME, classes=new) == {("classes-0-sessions-0-lecturer", "lecturer_unknown")}


@pytest.mark.req("PRG-2")
def test_everything_wrong_is_told_at_once() -> None:
    found = problems(title="", credit_hours="x", regions=[], classes=[training_class(planned_seats="0", place="")])
    assert {"title", "credit_hours", "classes-0-planned_seats", "classes-0-place"} <= {field for field, _ in found}


def test_what_people_type_is_understood() -> None:
    given, unread = read_declaration(
        typed(
            credit_hours=" ２４ ", credits="2．5",
            classes=[training_class(starts_on="2026年5月11日", ends_on="2026/5/13", fee="1,280",
                                    sessions=[session(day="2026.5.11", starts_at="8：30")])],
        )
    )  # fmt: skip
    assert not unread.found
    assert (given.credit_hours, str(given.credits), str(given.classes[0].fee)) == (24, "2.50", "1280.00")
    assert given.classes[0].starts_on == date(2026, 5, 11)
    assert given.classes[0].sessions[0].starts_at is not None


def test_rows_nobody_filled_in_are_left_out_but_an_empty_class_is_not() -> None:
    kept = cleaned({"lecturers": [{"name": " "}, {"name": "方"}], "classes": [{"sessions": [{"day": ""}]}]})
    assert kept == {"lecturers": [{"name": "方"}], "classes": [{"sessions": []}]}
    assert is_blank({"id": "7", "day": ""})


@pytest.mark.parametrize(
    "given", [{}, {"classes": "x"}, {"classes": [1, None]}, {"lecturers": {"0": {}}}, {"regions": "7"}]
)
def test_a_tree_of_the_wrong_shape_is_refused_and_never_raises(given: dict[str, Any]) -> None:
    declaration, unread = read_declaration(given)
    assert [*unread.found, *declaration_problems(declaration, FRAME)]
