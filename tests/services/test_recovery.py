"""A forgotten password: proved, limited, and telling nothing about who exists (ACC-7)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import now
from app.domain.errors import Invalid, TooManyRequests
from app.domain.terms import AccountStatus, AuditAction
from app.models import AuditEntry
from app.security.passwords import check_password
from app.services import captcha, mail, recovery
from app.services.sign_in import sign_in
from app.web.actors import current_vault
from tests.world import World, national_id

pytestmark = pytest.mark.req("ACC-7")
NEW = "Nebel-Lampe-73"
MOBILE = "19900000001"


def prove(document: str = "", name: str = "张明华", phone: str = MOBILE) -> str:
    return recovery.prove(document or national_id(1), name, phone, address="192.0.2.9", vault=current_vault())


def set_new(token: str, new: str = NEW) -> Any:
    return recovery.set_new_password(token, new, address="192.0.2.9", vault=current_vault())


def test_number_name_and_phone_together_allow_one_new_password(world: World, db: Any, clock: Any) -> None:
    account = world.account["teacher"]
    account.locked_until = now() + timedelta(minutes=5)
    version = account.session_version
    token = prove(national_id(1).lower(), " 张 明华", "199 0000 0001")
    assert set_new(token) is account
    assert sign_in("teacher", NEW, vault=current_vault()) is account
    assert account.session_version == version + 1
    with pytest.raises(Invalid):
        set_new(token, "Wolke-Lampe-74")  # used up
    changed = select(func.count()).where(
        AuditEntry.action == AuditAction.PASSWORD_CHANGE, AuditEntry.reason == "recovery"
    )
    assert db.session.scalar(changed) == 1


@pytest.mark.parametrize(
    ("document", "name", "phone"),
    [
        (national_id(1), "张明", MOBILE),
        (national_id(1), "张明华", "19900000002"),
        (national_id(1), "", ""),
        (national_id(2), "李红梅", "19900000002"),  # a teacher without an account
        (national_id(77), "无此人", MOBILE),
        ("no number", "x", "y"),
    ],
)
def test_whatever_does_not_fit_is_told_in_the_same_words(world: World, document: str, name: str, phone: str) -> None:
    with pytest.raises(Invalid) as refused:
        prove(document, name, phone)
    assert [problem.code for problem in refused.value.problems] == ["recovery_refused"]


@pytest.mark.req("S8")
def test_an_unknown_person_costs_the_same_queries_as_a_known_one(world: World, count_queries: Any) -> None:
    sent = []
    for document in (national_id(1), national_id(77)):
        with count_queries() as queries, pytest.raises(Invalid):
            prove(document, "张明", MOBILE)
        sent.append(len(queries))
    assert sent[0] == sent[1]


def test_a_disabled_account_is_refused_like_an_unknown_one(world: World) -> None:
    world.account["teacher"].status = AccountStatus.DISABLED
    with pytest.raises(Invalid) as refused:
        prove()
    assert refused.value.code == "recovery_refused"


@pytest.mark.parametrize("document", [national_id(1), national_id(77)])
def test_guessing_ends_after_five_attempts_whoever_it_is(world: World, clock: Any, document: str) -> None:
    for _ in range(5):
        with pytest.raises(Invalid):
            prove(document, "张三", MOBILE)
    with pytest.raises(TooManyRequests):
        prove(document)
    clock.move(timedelta(hours=1, seconds=1))
    with pytest.raises(Invalid):
        prove(document, "张三", MOBILE)


def test_a_token_ends_with_its_minutes_a_reset_or_a_changed_letter(world: World, clock: Any) -> None:
    token = prove()
    with pytest.raises(Invalid):
        set_new(token[:-1] + ("0" if token[-1] != "0" else "1"))
    other = token.split(".")
    other[0] = str(world.account["system_admin"].id)
    with pytest.raises(Invalid):
        set_new(".".join(other))
    clock.move(timedelta(minutes=16))
    with pytest.raises(Invalid):
        set_new(token)
    fresh = prove()
    world.account["teacher"].session_version += 1
    with pytest.raises(Invalid):
        set_new(fresh)


@pytest.mark.req("ACC-4")
def test_a_weak_new_password_is_refused_and_the_token_stays_good(world: World) -> None:
    token = prove()
    with pytest.raises(Invalid) as refused:
        set_new(token, "zhangminghua")
    assert {"password_name", "password_kinds"} <= {problem.code for problem in refused.value.problems}
    assert set_new(token) is world.account["teacher"]


# --- pages


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captcha.secrets, "choice", lambda _characters: "K")


def begin(client: Any, document: str) -> Any:
    page = client.get("/recover/").text
    token = re.search(r'name="captcha_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    return client.post("/recover/", data={"document": document, "captcha": "kkkk", "captcha_token": token.group(1)})


@pytest.mark.usefixtures("seen")
def test_the_pages_lead_to_a_new_password(client: Any, world: World) -> None:
    assert begin(client, national_id(1)).location == "/recover/person"
    assert client.post("/recover/person", data={"name": "张明华", "phone": MOBILE}).location == "/recover/password"
    differ = client.post("/recover/password", data={"new": NEW, "repeat": "x"})
    assert differ.status_code == 422
    assert client.post("/recover/password", data={"new": NEW, "repeat": NEW}).location == "/login/"
    assert check_password(world.account["teacher"].password, NEW)
    assert client.get("/recover/password").location == "/recover/"


@pytest.mark.usefixtures("seen")
def test_the_pages_answer_alike_for_somebody_nobody_knows(client: Any, world: World) -> None:
    answers = []
    for document in (national_id(1), national_id(77)):
        first = begin(client, document)
        second = client.post("/recover/person", data={"name": "张三", "phone": MOBILE})
        text = re.sub(r'nonce="[^"]+"|csrf[^>]+>|content="[^"]+"', "", second.text)
        answers.append((first.status_code, first.location, second.status_code, text))
    assert answers[0] == answers[1]
    assert answers[0][2] == 422


def test_without_the_picture_or_a_step_before_nothing_goes_on(client: Any, world: World) -> None:
    assert client.post("/recover/", data={"document": national_id(1), "captcha": "x"}).status_code == 422
    for step in ("person", "password"):
        assert client.get(f"/recover/{step}").location == "/recover/"
    assert "/recover/" in client.get("/login/").text


@pytest.mark.usefixtures("seen")
def test_a_link_is_mailed_to_whom_there_is_and_said_to_everybody(
    client: Any, world: World, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[dict[str, str]] = []
    monkeypatch.setattr("app.views.recovery.send", lambda _url, **letter: sent.append(letter))
    monkeypatch.setattr(app.config["SETTINGS"], "SMTP_URL", "smtp://mail.example.cn")
    world.account["teacher"].email = "zhang@example.cn"
    pages = []
    for document in (national_id(1), national_id(77)):
        begin(client, document)
        answer = client.post("/recover/letter")
        answer.close()
        assert answer.location == "/recover/person"
        pages.append("60" in client.get("/recover/person").text)
    assert pages == [True, True]
    (letter,) = sent
    assert letter["to"] == "zhang@example.cn"
    link = re.search(r"/recover/link/[^\s]+", letter["text"])
    assert link is not None
    stranger = app.test_client()
    assert stranger.get(link.group()).location == "/recover/password"
    assert stranger.post("/recover/password", data={"new": NEW, "repeat": NEW}).location == "/login/"
    assert check_password(world.account["teacher"].password, NEW)


def test_a_mail_server_that_is_away_is_no_error_for_anybody() -> None:
    assert not mail.send("smtp://127.0.0.1:9?from=a@example.cn", to="b@example.cn", subject="x", text="y")
