"""The REST API: scope, permissions, tokens, commands, documentation (OPS-6)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.terms import Gender, RegionLevel, RoleName, SchoolKind
from app.models import Account, ApiKey, AuditEntry, Bureau, LoginName, Region, Role, School, Stage, Teacher
from app.security.passwords import hash_password

PASSWORD = "Right-horse-7"
MOBILE, SEALED_KEY = "19912345678", "key-that-nobody-sees"
BASE = "/api/v1"


@pytest.fixture
def places(db: Any) -> dict[str, Any]:
    """Two counties with a bureau, a school and a teacher each, and who administers them."""
    province = Region(code="990000", name="省", level=RegionLevel.PROVINCE, path="/990000/")
    db.session.add(province)
    made: dict[str, Any] = {"province": province, "stage": Stage(code="T1", name="试验学段")}
    for code, name in (("990101", "own"), ("990102", "other")):
        region = Region(code=code, name=name, level=RegionLevel.COUNTY, parent=province, path=f"/990000/{code}/")
        bureau = Bureau(code=f"B{code}", name=f"{name}局", region=region)
        school = School(code=f"{code}001", name=f"{name}学校", region=region, kind=SchoolKind.PRIMARY)
        db.session.add_all([region, bureau, school, made["stage"]])
        db.session.flush()
        person = Teacher(teacher_number=f"T{code}", name=f"{name}老师", gender=Gender.FEMALE, school=school,
                         birth_date=date(1980, 1, 1), mobile=MOBILE, national_id_sealed=b"sealed-bytes",
                         national_id_key=f"{SEALED_KEY}-{code}", national_id_tail="1234")  # fmt: skip
        db.session.add(person)
        made |= {f"{name}_region": region, f"{name}_school": school, f"{name}_teacher": person}
        make_account(db, f"county-{name}", RoleName.COUNTY_ADMIN, bureau_id=bureau.id)
    make_account(db, "inquirer", RoleName.SCHOOL_INQUIRER, school_id=made["own_school"].id)
    db.session.commit()
    return {name: row.id for name, row in made.items()}


def make_account(db: Any, username: str, role: RoleName, **place: Any) -> None:
    held = db.session.scalar(select(Role).where(Role.name == role.value))
    account = Account(username=username, first_name="", last_name=username, email=f"{username}@x.invalid", active=True,
                      password=hash_password(PASSWORD), roles=[held], phone=MOBILE, **place)  # fmt: skip
    db.session.add(account)
    db.session.flush()
    db.session.add(LoginName(name=username.upper(), account_id=account.id))


def account_of(db: Any, username: str) -> Account:
    return db.session.scalar(select(Account).where(Account.username == username))


@pytest.fixture
def program(app: Any, places: Any) -> Any:
    """`program(username)` returns a function that sends requests with that account's token."""

    def sign_in(username: str) -> Any:
        client = app.test_client()
        answer = client.post(f"{BASE}/session", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        assert "Set-Cookie" not in answer.headers
        token = answer.json["token"]

        def send(path: str, method: str = "GET", **options: Any) -> Any:
            headers = {"Authorization": f"Bearer {token}"}
            return client.open(BASE + path, method=method, headers=headers, **options)

        return send

    return sign_in


def school_values(places: dict[str, Any], **changes: Any) -> dict[str, Any]:
    values = {"code": "990101777", "name": "新学校", "region": places["own_region"], "kind": "primary"}
    return {**values, "stages": [places["stage"]], **changes}


@pytest.mark.req("OPS-6", "ORG-6")
def test_a_county_lists_its_own_schools_and_no_others(program: Any, places: Any) -> None:
    answer = program("county-own")("/school/")
    assert [row["id"] for row in answer.json["result"]] == [places["own_school"]]
    assert answer.json["count"] == 1
    assert answer.json["result"][0]["region"] == {"id": places["own_region"], "name": "own"}


@pytest.mark.req("OPS-6", "ORG-6")
def test_a_foreign_row_and_an_absent_one_answer_alike(program: Any, places: Any) -> None:
    send = program("county-own")
    assert send(f"/school/{places['own_school']}").json["result"]["name"] == "own学校"
    answers = [send(f"/school/{key}") for key in (places["other_school"], 2_000_000_000, 10**30)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert {answer.json["problems"][0]["code"] for answer in answers} == {"not_visible"}


@pytest.mark.req("OPS-6")
def test_a_role_without_the_permission_is_refused(program: Any) -> None:
    answer = program("inquirer")("/account/")
    assert answer.status_code == 403
    assert answer.json["problems"][0]["code"] == "not_permitted"


@pytest.mark.req("OPS-6", "OPS-3", "S14")
def test_no_answer_holds_a_protected_value(app: Any, program: Any) -> None:
    from app.api.base import ResourceApi

    send = program("county-own")
    apis = [view for view in app.appbuilder.baseviews if isinstance(view, ResourceApi)]
    rows = 0
    for api in apis:
        answer = send(f"/{api.resource_name}/?size=200")
        assert answer.status_code in (200, 403), (api.resource_name, answer.text)
        for row in answer.json.get("result", []):
            rows += 1
            shown = send(f"/{api.resource_name}/{row['id']}")
            assert shown.status_code == 200, (api.resource_name, shown.text)
            for text in (answer.text, shown.text):
                assert MOBILE not in text
                assert SEALED_KEY not in text
                assert "sealed-bytes" not in text
                assert "scrypt" not in text
                assert "pbkdf2" not in text
    assert rows > 5


@pytest.mark.req("OPS-6", "OPS-3", "S14")
def test_protected_columns_are_left_out_even_where_a_screen_names_them() -> None:
    from app.api.resources import columns_of

    secret = ["mobile", "national_id_sealed", "national_id_key", "phone", "initial_password_sealed", "password"]
    assert columns_of(Teacher, ["name", *secret[:3]]) == ["id", "version", "created_at", "updated_at", "name"]
    assert columns_of(Account, ["username", *secret[3:]]) == ["id", "version", "username"]


@pytest.mark.req("OPS-6")
def test_every_generated_screen_has_a_resource_and_it_is_described(app: Any, program: Any) -> None:
    from app.views.fab import RecordView

    described = program("county-own")("/_openapi").json
    models = {view.model for view in app.appbuilder.baseviews if isinstance(view, RecordView)}
    assert len(models) >= 16
    tags = {tag for path in described["paths"].values() for operation in path.values() for tag in operation["tags"]}
    assert {model.__name__ for model in models} <= tags
    assert {"/api/v1/commands/school/create", "/api/v1/commands/school/update", "/api/v1/session"} <= set(
        described["paths"]
    )
    assert described["paths"]["/api/v1/session"]["post"]["security"] == []
    assert described["paths"]["/api/v1/school/"]["get"]["security"] == [{"bearer": []}]


@pytest.mark.req("OPS-6")
def test_the_description_refers_to_nothing_that_is_missing(program: Any) -> None:
    described = program("county-own")("/_openapi").json
    assert described["openapi"] == "3.0.3"

    def references(part: Any) -> Any:
        for name, value in part.items() if isinstance(part, dict) else enumerate(part):
            if name == "$ref":
                yield value
            elif isinstance(value, dict | list):
                yield from references(value)

    found = set(references(described))
    assert found
    for reference in found:
        place: Any = described
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert any(code.startswith("2") for code in operation["responses"]), (method, path)
            declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}, path


@pytest.mark.req("OPS-6", "S3")
@pytest.mark.parametrize(
    "query",
    ["order=contact_phone_x", "order=password", "page=-1", "page=0", "size=201", "size=x", "nosuch=1", "kind=%00",
     "kind=nosuch", "name=%00", "page=99999999999999999999", "region=x", "order=-"],
)  # fmt: skip
def test_an_undeclared_or_malformed_question_is_refused_with_its_name(program: Any, query: str) -> None:
    answer = program("county-own")(f"/school/?{query}")
    assert answer.status_code == 422
    assert answer.json["problems"][0]["field"] == query.split("=")[0]


@pytest.mark.req("OPS-6")
def test_lists_are_filtered_ordered_and_paged(program: Any, places: Any) -> None:
    send = program("county-own")
    for number in (1, 2):
        made = send("/commands/school/create", "POST", json=school_values(places, code=f"99010177{number}"))
        assert made.status_code == 201, made.text
    codes = [row["code"] for row in send("/school/?order=-code&size=2").json["result"]]
    assert codes == ["990101772", "990101771"]
    assert [row["code"] for row in send("/school/?order=-code&size=2&page=2").json["result"]] == ["990101001"]
    assert send("/school/?name=own").json["count"] == 1
    asked = send("/school/_info").json
    assert "name" in {entry["name"] for entry in asked["filters"]}
    assert "create" in asked["permissions"]


@pytest.mark.req("OPS-6")
def test_nobody_reads_without_signing_in(client: Any, places: Any) -> None:
    for path in ("/school/", f"/school/{places['own_school']}", "/school/_info", "/_openapi", "/session"):
        answer = client.get(BASE + path)
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json["problems"][0]["code"] == "not_signed_in"
    assert client.get(f"{BASE}/school/", headers={"Authorization": "Bearer nonsense"}).status_code == 401


@pytest.mark.req("OPS-6", "ACC-8")
def test_signing_in_by_program_counts_for_the_same_lock(client: Any, db: Any, places: Any) -> None:
    answer = client.post(f"{BASE}/session", json={"username": "county-own", "password": "wrong"})
    assert answer.status_code == 422
    assert answer.json["problems"][0]["code"] == "wrong_sign_in"
    assert account_of(db, "county-own").failed_sign_ins == 1
    assert client.post(f"{BASE}/session", json={"password": 3}).json["problems"][0]["field"] in ("username", "password")
    assert client.post(f"{BASE}/session", data="[]").json["problems"][0]["code"] == "no_json"


@pytest.mark.req("OPS-6")
def test_a_token_ends_after_eight_hours(program: Any, clock: Any) -> None:
    send = program("county-own")
    clock.move(timedelta(hours=7, minutes=59))
    assert send("/school/").status_code == 200
    clock.move(timedelta(minutes=2))
    assert send("/school/").status_code == 401


@pytest.mark.req("OPS-6", "S8")
@pytest.mark.parametrize(("column", "value"), [("session_version", 99), ("active", False), ("status", "disabled")])
def test_a_changed_password_or_a_disabled_account_ends_its_tokens(
    program: Any, db: Any, column: str, value: Any
) -> None:
    from app.domain.terms import AccountStatus

    send = program("county-own")
    assert send("/school/").status_code == 200
    setattr(account_of(db, "county-own"), column, AccountStatus(value) if column == "status" else value)
    db.session.commit()
    assert send("/school/").status_code == 401


@pytest.mark.req("OPS-6", "ACC-4")
def test_a_first_password_opens_nothing_but_the_browser(program: Any, client: Any, db: Any) -> None:
    send = program("county-own")
    account_of(db, "county-own").must_change_password = True
    db.session.commit()
    for answer in (
        send("/school/"),
        client.post(f"{BASE}/session", json={"username": "county-own", "password": PASSWORD}),
    ):
        assert answer.status_code == 403
        assert answer.json["problems"][0]["code"] == "must_change_password"


@pytest.mark.req("OPS-6")
def test_own_tokens_are_listed_and_revoked_and_nobody_elses(program: Any, db: Any) -> None:
    mine, other = program("county-own"), program("county-other")
    listed = mine("/session").json["result"]
    assert len(listed) == 1
    assert "token" not in listed[0]
    assert other(f"/session/{listed[0]['id']}", "DELETE").status_code == 404
    assert mine("/school/").status_code == 200
    assert mine(f"/session/{listed[0]['id']}", "DELETE").status_code == 200
    assert mine("/school/").status_code == 401
    assert other("/school/").status_code == 200


@pytest.mark.req("OPS-6", "OPS-3")
def test_a_token_is_stored_as_its_hash_only(client: Any, db: Any, places: Any) -> None:
    answer = client.post(f"{BASE}/session", json={"username": "county-own", "password": PASSWORD})
    row = db.session.scalars(select(ApiKey)).one()
    stored = " ".join(str(getattr(row, column.key)) for column in ApiKey.__table__.columns)
    assert answer.json["token"] not in stored
    entries = db.session.scalars(select(AuditEntry)).all()
    assert not any(answer.json["token"] in str(vars(entry)) for entry in entries)


@pytest.mark.req("OPS-6", "S7")
def test_a_cookie_needs_the_form_token_and_a_bearer_does_not(
    program: Any, login_as: Any, csrf: None, places: Any
) -> None:
    url, values = f"{BASE}/commands/school/create", school_values(places)
    cookie = login_as("county-own")
    assert cookie.get(f"{BASE}/school/").status_code == 200
    assert cookie.post(url, json=values).status_code == 400
    # A header that is not what signed the request in opens nothing.
    assert cookie.post(url, json=values, headers={"Authorization": "Bearer nonsense"}).status_code == 400
    assert program("county-own")("/commands/school/create", "POST", json=values).status_code == 201


@pytest.mark.req("OPS-6", "S7")
def test_commands_take_no_get_and_resources_take_no_writing(program: Any, places: Any) -> None:
    send = program("county-own")
    assert send("/commands/school/create").status_code == 405
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert send(f"/school/{places['own_school']}", method, json={}).status_code == 405
    for path in ("/security/login", "/security/refresh"):
        assert send(path, "POST", json={"username": "a", "password": "b"}).status_code == 404


@pytest.mark.req("OPS-6")
def test_a_school_is_created_and_changed_once(program: Any, db: Any, places: Any) -> None:
    send = program("county-own")
    made = send("/commands/school/create", "POST", json=school_values(places))
    assert made.status_code == 201
    again = send("/commands/school/create", "POST", json=school_values(places))
    assert (again.status_code, again.json["problems"][0]["field"]) == (409, "code")
    change = {"id": made.json["id"], "expected_version": made.json["version"], "changes": {"name": "改名"}}
    assert send("/commands/school/update", "POST", json=change).status_code == 200
    assert db.session.get(School, made.json["id"]).name == "改名"
    assert send("/commands/school/update", "POST", json=change).status_code == 409
    acts = select(AuditEntry.action).where(AuditEntry.entity == "School", AuditEntry.row_id == made.json["id"])
    assert len(db.session.scalars(acts).all()) == 2


@pytest.mark.req("OPS-6", "ORG-6")
def test_a_command_refuses_foreign_rows_and_says_why(program: Any, db: Any, places: Any) -> None:
    send = program("county-own")
    foreign = send("/commands/school/create", "POST", json=school_values(places, region=places["other_region"]))
    assert foreign.status_code in (403, 422)
    absent = send("/commands/school/create", "POST", json=school_values(places, region=2_000_000_000))
    assert (absent.status_code, absent.json["problems"][0]["code"]) == (422, "choice_not_visible")
    change = {"id": places["other_school"], "expected_version": 1, "changes": {"name": "改名"}}
    assert send("/commands/school/update", "POST", json=change).status_code == 404
    assert db.session.get(School, places["other_school"]).name == "other学校"


@pytest.mark.req("OPS-6", "S3")
def test_a_command_names_every_field_that_does_not_fit(program: Any, places: Any) -> None:
    send = program("county-own")
    answer = send("/commands/school/create", "POST", json={"code": "a\x00b", "region": "1", "kind": "x", "more": 1})
    assert answer.status_code == 422
    found = {problem["field"]: problem["code"] for problem in answer.json["problems"]}
    assert found == {"code": "misfit", "name": "missing", "region": "misfit", "kind": "misfit", "more": "unknown"}
    for stages in ([-1], [10**30], [None], "x", {}):
        wrong = send("/commands/school/create", "POST", json=school_values(places, stages=stages))
        assert wrong.status_code == 422, stages
    assert program("inquirer")("/commands/school/create", "POST", json={}).status_code == 403
    assert send("/commands/no/such", "POST", json={}).status_code == 404


@pytest.mark.req("OPS-6")
def test_the_page_for_people_comes_from_this_server_only(login_as: Any, client: Any, places: Any) -> None:
    page = login_as("county-own").get("/swagger/v1")
    assert page.status_code == 200
    assert "/api/v1/_openapi" in page.text
    assert "/api/v1/commands/school/merge" in page.text
    assert "将学校并入另一所学校" in page.text
    assert "http://" not in page.text.replace("http://localhost", "").replace("http://www.w3.org", "")
    assert client.get("/swagger/v1").status_code in (302, 401)
