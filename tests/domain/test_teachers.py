"""A teacher's record as a whole: what people really send, what is made of it, and how every mistake is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.choices import Choice, Choices
from app.domain.dates import months_in, parse_date
from app.domain.errors import Invalid
from app.domain.identity import NationalId, check_character, parse_national_id
from app.domain.teacher_fields import GENDERS, STATUSES, read_name, read_office_phone
from app.domain.teacher_numbers import make_teacher_number
from app.domain.teachers import FIELDS, REQUIRED, clean
from app.domain.terms import Gender, TeacherStatus

LISTS: Mapping[str, Choices] = {
    "school": Choices([Choice(7, "330106001", "文三路小学"), Choice(8, "330106002", "中心小学"),
                       Choice(9, "331126001", "中心小学")]),
    "stage": Choices([Choice(1, "PRI", "小学"), Choice(2, "JUN", "初中")]),
    "grade": Choices([Choice(11, "G01", "一年级", above=1), Choice(17, "G07", "七年级", above=2)]),
    "subject": Choices([Choice(21, "S01", "语文"), Choice(22, "S02", "珠算", in_use=False)]),
    "post_category": Choices([Choice(31, "P01", "专任教师")]),
    "title": Choices([Choice(41, "T01", "一级教师")]),
}  # fmt: skip
NUMBERS = [make_teacher_number(province="33", year=2026, running=n) for n in (1, 2)]
NUMBER = "11010519491231002X"
PERSON: Mapping[str, Any] = {
    "name": "张三", "national_id": NUMBER, "school": "文三路小学", "stage": "小学", "subject": "语文",
}  # fmt: skip
BEFORE: Mapping[str, Any] = {
    "teacher_number": NUMBERS[0], "name": "张三", "gender": Gender.FEMALE, "birth_date": date(1949, 12, 31),
    "national_id": parse_national_id(NUMBER), "national_id_tail": "002X", "mobile": "13800138000", "school_id": 7,
    "stage_id": 1, "grade_id": 11, "subject_id": 22, "status": TeacherStatus.EMPLOYED,
}  # fmt: skip


def told(raw: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str | None, str]:
    """Field → code of the problems."""
    return {problem.field: problem.code for problem in clean(raw, LISTS, before=before).problems}


@pytest.mark.req("TCH-1", "TCH-6")
def test_what_people_really_send_becomes_what_is_stored() -> None:
    answer = clean(
        {**PERSON, "name": " 张　三 ", "national_id": "’１１０１０５ 19491231 002x", "mobile": 13800138000.0,
         "school": "330106001", "grade": "一年级 ", "birth_date": "1949年12月31日", "gender": "女",
         "office_phone": "（0571）8700 0000 转 801", "email": "San.Zhang@Example.COM "}, LISTS,
    )  # fmt: skip
    assert answer.raise_if_any() == {
        "name": "张三", "national_id": parse_national_id(NUMBER), "gender": Gender.FEMALE,
        "birth_date": date(1949, 12, 31), "school_id": 7, "stage_id": 1, "grade_id": 11, "subject_id": 21,
        "mobile": "13800138000", "office_phone": "0571-87000000-801", "email": "San.Zhang@example.com",
    }  # fmt: skip


@pytest.mark.req("TCH-1")
def test_birth_date_and_gender_come_from_the_id_when_left_out() -> None:
    values = clean({**PERSON, "birth_date": " ", "gender": None}, LISTS).raise_if_any()
    assert (values["birth_date"], values["gender"]) == (date(1949, 12, 31), Gender.FEMALE)
    assert told({**PERSON, "birth_date": "1949-12-30", "gender": "男"}) == {
        "birth_date": "birth_date_differs",
        "gender": "gender_differs",
    }


@pytest.mark.req("TCH-2")
def test_everything_missing_is_asked_for_at_once_but_not_what_the_id_would_tell() -> None:
    assert told({}) == dict.fromkeys(["name", "national_id", "school", "stage", "subject"], "missing")


@pytest.mark.req("TCH-2")
def test_every_wrong_field_is_told_at_once_with_how_to_mend_it() -> None:
    wrong = {"name": "张3", "national_id": 1.10105194912310e17, "gender": "不详", "birth_date": "80-1-5",
             "school": "中心小学", "stage": "大学", "grade": "九", "subject": "珠算",
             "mobile": "123", "office_phone": "12", "email": "a@b",
             "status": "离职", "teacher_number": "1"}  # fmt: skip
    problems = clean(wrong, LISTS).problems
    assert {p.field: p.code for p in problems} == {
        "name": "name_characters", "national_id": "id_rounded", "gender": "word_unknown", "birth_date": "date",
        "school": "choice_ambiguous", "stage": "choice_unknown", "grade": "choice_unknown",
        "subject": "choice_not_in_use", "mobile": "mobile", "office_phone": "office_phone", "email": "email",
        "status": "status_of_new", "teacher_number": "teacher_number_length",
    }  # fmt: skip
    assert all(len(str(problem.text)) > 20 for problem in problems)


@pytest.mark.req("TCH-6")
@pytest.mark.parametrize("number", [330106198001011234.0, 1.10105194912310e17, 330106198001011000])
def test_an_id_that_a_spreadsheet_has_rounded_is_refused(number: Any) -> None:
    assert told({**PERSON, "national_id": number})["national_id"] == "id_rounded"


@pytest.mark.req("TCH-6")
@pytest.mark.parametrize(
    "typed",
    [
        date(2020, 1, 5), datetime(2020, 1, 5, 8, 30), 43835, 43835.0, 43835.6, "43835", 20200105, "20200105",
        "2020-1-5", "2020/01/05", "2020.1.5", "2020年1月5日", "２０２０－０１－０５", "2020 / 1 / 5",
        "2020-01-05 00:00:00", "2020-01-05T00:00:00", "2020–1–5",
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_form_people_write(typed: Any) -> None:
    assert parse_date(typed, field="birth_date") == date(2020, 1, 5)


@pytest.mark.req("TCH-6", "TCH-2")
@pytest.mark.parametrize(
    "typed", ["20-1-5", "5/1/2020", "2020-13-01", "2020-02-30", "2020", 1980, "1980-01", "abc", True]
)
def test_a_guess_is_never_taken_for_a_day(typed: Any) -> None:
    with pytest.raises(Invalid) as refused:
        parse_date(typed, field="birth_date")
    assert (refused.value.code, refused.value.problems[0].field) == ("date", "birth_date")


@pytest.mark.req("TCH-6")
@pytest.mark.parametrize("typed", ["194912", "1949.12", 1949.12, "1949年12月", "1949-12", "１９４９／１２", 194912])
def test_a_month_of_birth_is_enough_where_the_id_tells_the_day(typed: Any) -> None:
    answer = clean({**PERSON, "birth_date": typed}, LISTS)
    assert answer.raise_if_any()["birth_date"] == date(1949, 12, 31)
    assert clean({"birth_date": typed}, LISTS, before=BEFORE).raise_if_any() == {}


@pytest.mark.req("TCH-6", "TCH-2")
def test_a_month_that_the_id_does_not_confirm_is_no_day() -> None:
    assert told({**PERSON, "birth_date": "1949-11"}) == {"birth_date": "birth_month"}
    assert told({**PERSON, "national_id": "1", "birth_date": "1949-12"})["birth_date"] == "birth_month"


@pytest.mark.req("TCH-6")
def test_a_spreadsheets_1980_1_may_be_january_or_october() -> None:
    assert months_in(1980.1) == {(1980, 1), (1980, 10)}
    assert months_in("1980.1") == {(1980, 1)}
    assert not months_in("1980-13") | months_in("1980-1-5") | months_in("1980")


@given(st.dates(date(1910, 1, 1), date(2090, 12, 31)))
def test_every_form_of_a_day_gives_the_same_day(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    forms: list[Any] = [serial, float(serial), f"{day:%Y%m%d}", f"{day:%Y-%m-%d}", f"{day.year}/{day.month}/{day.day}",
                        f"{day.year}年{day.month}月{day.day}日"]  # fmt: skip
    assert {parse_date(form, field="x") for form in forms} == {day}


@pytest.mark.req("TCH-1")
@pytest.mark.parametrize(
    ("typed", "stored"),
    [("0571-87000000", "0571-87000000"), ("057187000000", "0571-87000000"), ("010 6666 7777", "010-66667777"),
     ("87000000", "87000000"), ("0578-6120000-12", "0578-6120000-12"), ("+86 571 8700 0000", ""),
     ("13900001111", "13900001111"), ("400-820-8820", "4008208820"), ("(0578)6120000 分机 3", "0578-6120000-3"),
     ("667788", "667788")],
)  # fmt: skip
def test_office_phones_take_one_form(typed: str, stored: str) -> None:
    if not stored:
        with pytest.raises(Invalid):
            read_office_phone(typed, field="office_phone")
    else:
        assert read_office_phone(typed, field="office_phone") == stored
        assert read_office_phone(stored, field="office_phone") == stored


@pytest.mark.req("TCH-1")
@pytest.mark.parametrize(
    "name", ["欧阳娜娜", "买买提·艾力", "迪丽热巴·迪力木拉提", "Anna Smith", "𠮷田", "O'Neil", "John A. Smith Jr."]
)
def test_real_names_are_taken(name: str) -> None:
    assert read_name(name, field="name") == name


# --- changing what there is


@pytest.mark.req("TCH-2", "TCH-5")
def test_only_what_is_given_is_checked_and_only_what_changes_is_answered() -> None:
    assert clean({"mobile": "138-0013-8000"}, LISTS, before=BEFORE).values == {}
    assert clean({"mobile": "13900139000"}, LISTS, before=BEFORE).raise_if_any() == {"mobile": "13900139000"}
    assert clean({"email": "", "mobile": ""}, LISTS, before=BEFORE).raise_if_any() == {"mobile": None}


@pytest.mark.req("TCH-6")
def test_an_unchanged_record_comes_back_without_a_change_even_masked_and_with_an_entry_out_of_use() -> None:
    exported = {"teacher_number": NUMBERS[0], "name": "张三", "gender": "女", "birth_date": "1949-12-31",
                "national_id": "110***********002X", "mobile": "138****8000", "school": "文三路小学", "stage": "小学",
                "grade": "一年级", "subject": "珠算", "title": "", "status": "在职"}  # fmt: skip
    answer = clean(exported, LISTS, before=BEFORE)
    assert (answer.values, answer.problems) == ({}, [])


@pytest.mark.req("TCH-6", "TCH-9")
def test_an_old_fault_stays_until_somebody_touches_it() -> None:
    faulty = {**BEFORE, "gender": Gender.MALE, "office_phone": "0571-01234567", "grade_id": 17}
    same = {"national_id": NUMBER, "gender": "男", "office_phone": "0571-01234567", "grade": "七年级", "stage": "小学"}
    assert told(same, faulty) == {}
    assert told({**same, "birth_date": "1949-12-30"}, faulty) == {
        "birth_date": "birth_date_differs",
        "gender": "gender_differs",
    }


@pytest.mark.req("TCH-2")
def test_what_is_required_is_not_emptied_but_may_stay_empty() -> None:
    assert told({"name": "", "subject": " "}, BEFORE) == {"name": "missing", "subject": "missing"}
    assert told({"subject": ""}, {**BEFORE, "subject_id": None}) == {}


@pytest.mark.req("TCH-1")
def test_a_grade_belongs_to_its_stage() -> None:
    assert told({"grade": "七年级"}, BEFORE) == {"grade": "grade_of_other_stage"}
    assert told({"stage": "初中"}, BEFORE) == {"grade": "grade_of_other_stage"}
    assert told({"stage": "初中", "grade": "七年级"}, BEFORE) == {}
    assert clean({"grade": "七年级"}, LISTS, before={**BEFORE, "stage_id": None}).values["stage_id"] == 2


@pytest.mark.req("TCH-7")
def test_school_status_and_number_are_not_for_editing() -> None:
    given_ = {"school": "330106002", "status": "自由人", "teacher_number": NUMBERS[1]}
    assert told(given_, BEFORE) == {
        "school": "school_by_transfer",
        "status": "status_by_transfer",
        "teacher_number": "teacher_number_fixed",
    }


# --- properties

births = st.dates(date(1930, 1, 1), date(2005, 12, 31))
blank = st.sampled_from(["", " ", "　", "\u200b", "\t"])


def number_of(born: date, order: int) -> str:
    body = f"331126{born:%Y%m%d}{order:03}"
    return body + check_character(body)


@pytest.mark.req("TCH-1", "TCH-6")
@given(births, st.integers(1, 999), blank, st.booleans(), st.booleans())
def test_an_id_reads_the_same_however_it_is_written(born: date, order: int, gap: str, wide: bool, small: bool) -> None:
    number = number_of(born, order)
    typed = gap.join((number[:6], number[6:14], number[14:]))
    typed = typed.lower() if small else typed
    typed = typed.translate({ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789Xx"}) if wide else typed
    values = clean({**PERSON, "national_id": typed}, LISTS).raise_if_any()
    assert values["national_id"].number == number
    assert (values["birth_date"], values["gender"]) == (born, Gender.MALE if order % 2 else Gender.FEMALE)


anything = st.one_of(
    st.none(), st.text(max_size=40), st.integers(), st.floats(), st.dates(), st.datetimes(), st.booleans()
)
SHOWN = {"school": "文三路小学", "stage": "小学", "grade": "一年级", "subject": "语文"}


@pytest.mark.req("TCH-2", "S3")
@given(st.dictionaries(st.sampled_from(FIELDS), anything), st.booleans())
def test_nothing_anybody_sends_breaks_the_check(raw: dict[str, Any], present: bool) -> None:
    answer = clean(raw, LISTS, before=BEFORE if present else None)
    assert all(problem.field in FIELDS for problem in answer.problems)
    assert all(str(problem.text) for problem in answer.problems)
    for problem in answer.problems:
        assert not isinstance(answer.values.get(str(problem.field)), NationalId)
    if not present and not answer.problems:
        assert all(name in raw for name in REQUIRED - {"gender", "birth_date"})


@given(st.dictionaries(st.sampled_from(FIELDS), anything))
def test_cleaning_what_was_cleaned_changes_nothing(raw: dict[str, Any]) -> None:
    first = clean({**raw, **PERSON, "birth_date": None, "gender": None}, LISTS)
    if first.problems:
        return
    values = first.values
    again = {
        name: values[name]
        for name in ("name", "birth_date", "gender", "mobile", "office_phone", "email")
        if values.get(name)
    }
    again |= {**SHOWN, "national_id": values["national_id"].number, "grade": None}
    kept = {**values, "status": TeacherStatus.EMPLOYED}
    assert clean(again, LISTS, before={**kept, "grade_id": None}).values == {}


@pytest.mark.req("TCH-6")
def test_the_words_of_the_screens_are_understood_when_they_come_back(app: Any) -> None:
    from flask_babel import force_locale, gettext

    with app.test_request_context():
        for language in ("zh", "en"):
            with force_locale(language):
                assert {GENDERS[gettext(g.label).casefold()] for g in Gender} == set(Gender)
                assert {STATUSES[gettext(s.label).casefold()] for s in TeacherStatus} == set(TeacherStatus)
