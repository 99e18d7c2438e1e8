"""The list of teachers as a workbook: what is on the screen, harmless, and importable back unchanged (TCH-4, TCH-6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import event, select

from app.domain.identity import check_character
from app.domain.teacher_fields import READERS
from app.domain.terms import AuditAction, Gender, ImportOutcome, RoleName, SchoolKind, TeacherStatus
from app.models import AuditEntry, Role, School, Teacher
from app.services.teacher_bulk import id_columns
from app.views.fab.light_rows import LightRows
from app.web.actors import current_vault
from tests.exchange.conftest import Importing
from tests.world import World

pytestmark = [pytest.mark.req("TCH-6"), pytest.mark.req("TCH-4")]

COLUMNS = (
    "teacher_number", "name", "gender", "school", "stage", "subject", "title", "status", "national_id", "birth_date",
    "grade", "post_category", "mobile", "office_phone", "email",
)  # fmt: skip


@pytest.fixture
def county(world: World, queue: Any) -> Importing:
    """The county of 西湖区 imports teachers."""
    return Importing(world.actor("county_admin"), "teachers", "Teacher", queue)


def export(client: Any, **asked: Any) -> bytes:
    page = client.get("/teacherview/export", query_string=asked)
    assert page.status_code == 200, page.status_code
    return bytes(page.data)


def cells(data: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in load_workbook(BytesIO(data)).active.iter_rows()]


def without(db: Any, role: RoleName, verb: str) -> None:
    """Take a permission on teachers away from a role."""
    row = db.session.scalars(select(Role).where(Role.name == role.value)).one()
    row.permissions = [
        each for each in row.permissions if (each.permission.name, each.view_menu.name) != (f"can_{verb}", "Teacher")
    ]
    db.session.commit()


def changes(importing: Importing, data: bytes) -> list[Any]:
    """What importing `data` would do beside nothing."""
    batch = importing.plan(data)
    assert batch.counts, batch.problems
    return [row for row in importing.rows(batch) if row.outcome is not ImportOutcome.SAME]


@pytest.mark.req("OPS-3", "S16")
def test_what_is_on_the_screen_is_exported_whole_for_who_may_see_it_and_written_down(
    login_as: Any, world: World, db: Any, county: Importing
) -> None:
    data = export(login_as("county_admin"), cols=",".join(COLUMNS), name="张明华")
    (_title, head, row) = cells(data)
    assert len(head) == len(COLUMNS)
    assert world.teacher["zhang"].teacher_number == row[0]
    assert current_vault().open(world.teacher["zhang"].national_id_sealed) in row
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == AuditAction.EXPORT)).one()
    assert entry.after["rows"] == 1
    assert set(entry.after["columns"]) == set(COLUMNS)
    assert changes(county, data) == []


@pytest.mark.req("OPS-3", "S14")
def test_a_masked_export_is_imported_back_unchanged(login_as: Any, world: World, db: Any, county: Importing) -> None:
    without(db, RoleName.COUNTY_ADMIN, "reveal")
    data = export(login_as("county_admin"), cols=",".join(COLUMNS))
    whole = [current_vault().open(t.national_id_sealed) for t in world.teacher.values()]
    assert not any(number in str(cells(data)) for number in whole)
    assert "*" in str(cells(data))
    assert changes(county, data) == []


def test_a_name_several_schools_have_is_no_question_for_who_is_there_already(
    login_as: Any, world: World, db: Any, county: Importing
) -> None:
    twin = School(code="330106999", name="文三路小学", region=world.region["xihu"], kind=SchoolKind.PRIMARY)
    db.session.add(twin)
    db.session.get_one(Teacher, world.teacher["li"].id).school = twin
    db.session.commit()
    assert changes(county, export(login_as("county_admin"))) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_export_in_either_language_is_understood(
    login_as: Any, county: Importing, world: World, language: str
) -> None:
    client = login_as("county_admin")
    client.post("/session/language", data={"language": language})
    assert changes(county, export(client, cols=",".join(COLUMNS))) == []


@pytest.mark.req("B5")
def test_a_long_list_is_exported_without_entities_and_in_few_statements(
    login_as: Any, world: World, count_queries: Any, loaded: Counter[str]
) -> None:
    client = login_as("provincial_admin")
    with count_queries() as sent:
        export(client, cols=",".join(COLUMNS))
    assert loaded["Teacher"] == 0
    assert len(sent) <= 18, str(sent)


@pytest.fixture
def loaded() -> Iterator[Counter[str]]:
    """How many entities of each kind were made from rows."""
    found: Counter[str] = Counter()

    def note(entity: Any, _context: Any) -> None:
        found[type(entity).__name__] += 1

    event.listen(Teacher, "load", note)
    yield found
    event.remove(Teacher, "load", note)


@pytest.mark.req("B5")
def test_every_column_a_long_list_offers_can_be_read_for_its_export(app: Any, db: Any) -> None:
    views = [view for view in app.appbuilder.baseviews if getattr(view, "export_from", None) is not None]
    assert views
    for view in views:
        light = LightRows(view.model, view.columns_offered(), view.export_from)
        assert db.session.execute(select(view.model.id, *light.columns)).all() is not None


NASTY = ["=1+1", "+SUM(A1:A9)", "-2", "@SUM(A1)", '=HYPERLINK("http://x")', "http://example.com", "007", "1E5", "#N/A"]
PEOPLE = st.fixed_dictionaries({
    "name": st.sampled_from([*NASTY, "阿不都·热合曼", "单田芳", "A"]),
    "office_phone": st.sampled_from([*NASTY, "0571-87000000-801", None]),
    "email": st.sampled_from([*NASTY, "a@b.cn", None]),
    "mobile": st.sampled_from(["13900001111", "00139", "19999999999", None]),
    "gender": st.sampled_from(list(Gender)),
    "status": st.sampled_from([TeacherStatus.EMPLOYED, TeacherStatus.SECONDED, TeacherStatus.LEFT]),
    "has_id": st.booleans(), "has_stage": st.booleans(), "has_birth": st.booleans(),
})  # fmt: skip


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(person=PEOPLE, masked=st.booleans())
def test_whatever_is_stored_survives_export_and_import(
    login_as: Any, world: World, db: Any, county: Importing, person: dict[str, Any], masked: bool
) -> None:
    """Records of older days break today's rules; leaving them as they are is never an error."""
    body = "33112619850615007"
    identity = READERS["national_id"](body + check_character(body), field="national_id")
    row = db.session.get_one(Teacher, world.teacher["zhang"].id, populate_existing=True)
    for name in ("name", "office_phone", "email", "mobile", "gender", "status"):
        setattr(row, name, person[name])
    for name, value in id_columns(identity if person["has_id"] else None, current_vault()).items():
        setattr(row, name, value)
    row.stage = world.stage if person["has_stage"] else None
    row.birth_date = identity.birth_date if person["has_birth"] else None
    db.session.commit()
    if masked:
        without(db, RoleName.COUNTY_ADMIN, "reveal")
    data = export(login_as("county_admin"), cols=",".join(COLUMNS))
    assert not any(cell.data_type == "f" for line in load_workbook(BytesIO(data)).active.iter_rows() for cell in line)
    assert [(each.title, each.problems, each.changes) for each in changes(county, data)] == []
