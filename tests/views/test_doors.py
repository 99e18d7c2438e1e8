"""Walks every route as an outsider (ORG-6): a visitor, and each role in front of a row abroad.

`doors.py` says who is let in; a new route without an entry there fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.domain.terms import RoleName
from app.models import Account, Teacher
from tests.views.doors import (
    API_ROUTES,
    COMMON,
    MEMBERS,
    OPEN,
    PAGES,
    RECORD_ROUTES,
    RECORDS,
    ROW_ROUTES,
    WITHOUT_FORM_TOKEN,
)
from tests.world import World

pytestmark = pytest.mark.req("ORG-6")

REFUSED = {403, 404}
# In place of what a URL asks for; the key of a row is put in by the test.
PLACES = {"name": "region", "version": "v1", "filename": "x", "path": "x"}


def rules(app: Flask) -> list[Rule]:
    """Every route there is."""
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint)


def methods(rule: Rule) -> set[str]:
    """The methods that do something."""
    return set(rule.methods or ()) - {"HEAD", "OPTIONS"}


def path_of(rule: Rule, key: Any) -> str:
    """The address of `rule`, with `key` for the row."""
    built = rule.build({name: PLACES.get(name, key) for name in rule.arguments})
    assert built is not None, rule
    return built[1]


def part(endpoint: str) -> tuple[str, str]:
    """The view and the route of an endpoint."""
    view, _, route = endpoint.rpartition(".")
    return view, route


def screen_of(endpoint: str) -> str | None:
    """The generated screen whose rows the route gives: its own, through the API, or on a page; None for none."""
    if endpoint in ROW_ROUTES:
        return ROW_ROUTES[endpoint]
    view, route = part(endpoint)
    if view.endswith("Api") and route in API_ROUTES:
        view, route = {"BackgroundJobApi": "JobView"}.get(view, view.removesuffix("Api") + "View"), "show"
    return view if view in (*RECORDS, *COMMON) and route in RECORD_ROUTES else None


def rows_abroad(world: World) -> dict[str, Any]:
    """View → the row abroad to knock with."""
    special = {Account: "qingyuan_county", Teacher: "chen"}
    return {view: world.rows()[model][special.get(model, "qingyuan")] for view, (model, _) in RECORDS.items()}


def knock(client: Any, rule: Rule, key: Any) -> Iterator[tuple[str, Any]]:
    """Send each method of `rule`; bulk actions get the key as a chosen row. Yields what was sent and the answer."""
    path = path_of(rule, key)
    for method in sorted(methods(rule)):
        sent = {"action": "unlock", "rowid": str(key)} if method == "POST" else None
        yield f"{method} {path}", client.open(path, method=method, data=sent)


def told(answer: Any) -> str:
    """What the answer tells: its text, or everything in the workbook it is."""
    if not answer.data.startswith(b"PK"):
        return str(answer.text)
    with ZipFile(BytesIO(answer.data)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def test_every_route_has_an_entry(app: Flask) -> None:
    known = OPEN | MEMBERS | set(PAGES)
    unknown = {rule.endpoint for rule in rules(app) if rule.endpoint not in known and not screen_of(rule.endpoint)}
    assert not unknown, f"say in tests/views/doors.py who may enter: {sorted(unknown)}"


@pytest.mark.req("S7")
def test_the_framework_adds_no_doors_of_its_own(app: Flask, client: Any, world: World) -> None:
    for path in ("/lang/en", "/back", "/swaggerview/v1", "/api/v1/security/login", "/api/v2/_openapi"):
        assert client.get(path).status_code == 404, path


@pytest.mark.req("ACC-1")
def test_a_visitor_is_shown_the_way_in_and_nothing_else(app: Flask, client: Any, world: World) -> None:
    keys = {view: row.id for view, row in rows_abroad(world).items()}
    wrong = []
    for rule in rules(app):
        if rule.endpoint in OPEN:
            continue
        for sent, answer in knock(client, rule, keys.get(screen_of(rule.endpoint) or "", 1)):
            to_sign_in = answer.status_code == 302 and answer.location.partition("?")[0].endswith("/login/")
            if not to_sign_in and answer.status_code not in {401, 403, 404}:
                wrong.append((sent, answer.status_code, answer.location))
    assert not wrong


def outside(role: RoleName) -> set[str]:
    """The views whose rows abroad are out of the scope of `role`."""
    return {view for view, (_, insiders) in RECORDS.items() if role not in insiders}


@pytest.mark.in_turn
@pytest.mark.parametrize("role", RoleName, ids=lambda role: role.value)
def test_no_role_gets_a_row_abroad_through_any_door(app: Flask, login_as: Any, world: World, role: RoleName) -> None:
    client, rows = login_as(role.value), rows_abroad(world)
    wrong = []
    for rule in rules(app):
        screen = screen_of(rule.endpoint)
        if screen not in outside(role):
            continue
        row = rows[screen]
        for sent, answer in knock(client, rule, row.id):
            takes_row = "pk" in rule.arguments or rule.endpoint.endswith(".action_post")
            refused = answer.status_code in REFUSED
            if (takes_row and not refused) or answer.status_code >= 500 or str(row) in told(answer):
                wrong.append((sent, answer.status_code, answer.location))
    assert not wrong


@pytest.mark.in_turn
@pytest.mark.parametrize("role", RoleName, ids=lambda role: role.value)
def test_lists_and_choices_filtered_by_a_row_abroad_do_not_name_it(
    app: Flask, login_as: Any, world: World, role: RoleName
) -> None:
    client, rows = login_as(role.value), rows_abroad(world)
    lists = {part(rule.endpoint)[0]: rule.rule for rule in rules(app) if part(rule.endpoint)[1] == "list"}
    hidden = {view: rows[view] for view in outside(role) if view in lists}
    filters = {"AccountView": "username", "TeacherView": "name", "AuditEntryView": "entity", "JobView": "title",
               "InboxMessageView": "kind"}  # fmt: skip
    wrong = []
    for view, row in hidden.items():
        word = "qingyuan_county" if view == "AccountView" else str(row)[:2]
        url = f"{lists[view]}?{filters.get(view, 'name')}={word}&institution={rows['InstitutionView'].id}"
        answer = client.get(f"{url}&school={rows['SchoolView'].id}")
        if answer.status_code not in {200, 403} or any(str(other) in told(answer) for other in hidden.values()):
            wrong.append((url, answer.status_code))
    for view, name in (("teacherview", "school"), ("regiongrantview", "institution")):
        answer = client.get(f"/{view}/options/{name}?q=")
        if answer.status_code not in {200, 403} or any(str(other) in told(answer) for other in hidden.values()):
            wrong.append((view, answer.status_code))
    assert not wrong


@pytest.mark.req("ACC-12")
@pytest.mark.in_turn
@pytest.mark.parametrize("role", sorted(set(RoleName) - {RoleName.SYSTEM_ADMIN, RoleName.PROVINCIAL_ADMIN}), ids=str)
def test_only_the_province_writes_the_common_lists(app: Flask, login_as: Any, world: World, role: RoleName) -> None:
    client = login_as(role.value)
    wrong = []
    for rule in rules(app):
        view, route = part(rule.endpoint)
        if view in COMMON and route in {"add", "edit", "delete", "export"}:
            wrong += [sent for sent, answer in knock(client, rule, 1) if answer.status_code not in REFUSED]
    assert not wrong


@pytest.mark.req("ACC-12")
@pytest.mark.in_turn
@pytest.mark.parametrize("role", RoleName, ids=lambda role: role.value)
def test_pages_open_to_the_roles_that_hold_the_permission_only(
    app: Flask, login_as: Any, world: World, role: RoleName
) -> None:
    client = login_as(role.value)
    wrong = []
    for rule in rules(app):
        if rule.endpoint in PAGES:
            for sent, answer in knock(client, rule, 0):
                forbidden = answer.status_code == 403
                if forbidden == (role in PAGES[rule.endpoint]):
                    wrong.append((sent, answer.status_code))
    assert not wrong


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize(
    ("username", "view"),
    [("county_admin", "SchoolView"), ("school_admin", "TeacherView"), ("institution_admin", "InstitutionView")],
)
def test_the_own_row_is_shown_and_the_foreign_one_answers_as_if_it_did_not_exist(
    login_as: Any, world: World, username: str, view: str
) -> None:
    client, model = login_as(username), RECORDS[view][0]
    own = world.teacher["li"] if view == "TeacherView" else world.rows()[model]["xihu"]
    shown = client.get(f"/{view.lower()}/show/{own.id}")
    assert (shown.status_code, str(own) in shown.text) == (200, True)
    foreign = client.get(f"/{view.lower()}/show/{rows_abroad(world)[view].id}", headers={"Accept": "application/json"})
    absent = client.get(f"/{view.lower()}/show/987654", headers={"Accept": "application/json"})
    assert foreign.status_code == absent.status_code == 404
    assert foreign.get_json()["problems"] == absent.get_json()["problems"]


@pytest.mark.req("ORG-6")
def test_deleting_a_row_abroad_leaves_it_where_it_is(login_as: Any, world: World, db: Any) -> None:
    key = world.school["qingyuan"].id
    login_as("county_admin").post(f"/schoolview/delete/{key}")
    assert db.session.get(type(world.school["qingyuan"]), key) is not None


@pytest.mark.req("ACC-9", "OPS-6")
@pytest.mark.usefixtures("csrf")
@pytest.mark.in_turn
@pytest.mark.parametrize("username", [None, "system_admin"])
def test_every_form_is_refused_without_its_token(
    app: Flask, client: Any, login_as: Any, world: World, username: str | None
) -> None:
    sender = login_as(username) if username else client
    forms = [rule for rule in rules(app) if methods(rule) - {"GET"} and rule.endpoint not in WITHOUT_FORM_TOKEN]
    answers = {
        f"{method} {path_of(rule, 1)}": sender.open(path_of(rule, 1), method=method).status_code
        for rule in forms
        for method in methods(rule) - {"GET"}
    }
    assert len(answers) > 20
    assert {sent: status for sent, status in answers.items() if status != 400} == {}
