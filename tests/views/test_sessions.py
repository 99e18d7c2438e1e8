"""The sign-in page, sessions, and the cookie that remembers an account (ACC-8, ACC-9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.models import ParameterValue
from app.services import captcha
from app.services.passwords import change_password
from tests.support.accounts import PASSWORD, VAULT, actor, make_account

PAGE, AGAIN = "/account/password", "/login/again"


def sign_in(client: Any, **values: Any) -> Any:
    return client.post("/login/", data={"username": "known", "password": PASSWORD, **values})


def is_in(client: Any) -> bool:
    return bool(client.get(PAGE).status_code == 200)


@pytest.mark.req("ACC-8")
def test_the_form_shows_the_picture_and_takes_its_answer(client: Any, db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_account("known")
    db.session.add(ParameterValue(name="captcha", value="always"))
    monkeypatch.setattr(captcha.secrets, "choice", lambda _characters: "K")
    assert "data:image/png;base64," in client.get("/login/").text
    refused = client.post(AGAIN, data={"username": "known", "password": PASSWORD})
    assert refused.status_code == 422
    assert refused.json["captcha"].startswith("data:image/png")
    token = refused.json["captcha_token"]
    accepted = client.post(
        AGAIN, data={"username": "known", "password": PASSWORD, "captcha": "kkkk", "captcha_token": token}
    )
    assert accepted.json["ok"]
    assert is_in(client)


@pytest.mark.req("ACC-8")
def test_the_picture_appears_after_the_third_failure(client: Any, db: Any) -> None:
    make_account("known")
    shown = ["data:image/png" in sign_in(client, password="wrong").text for _ in range(3)]
    assert shown == [False, False, True]


@pytest.mark.req("ACC-9", "S8")
def test_an_idle_session_ends_and_a_busy_one_ends_after_twelve_hours(client: Any, db: Any, clock: Any) -> None:
    make_account("known")
    sign_in(client)
    for _ in range(14):
        clock.move(timedelta(minutes=50))
        assert is_in(client)
    clock.move(timedelta(minutes=50))
    assert not is_in(client)
    sign_in(client)
    clock.move(timedelta(minutes=61))
    assert not is_in(client)


@pytest.mark.req("ACC-9")
def test_a_remembered_device_stays_signed_in_for_the_days_of_the_parameter(client: Any, db: Any, clock: Any) -> None:
    make_account("known")
    db.session.add(ParameterValue(name="remember_days", value="3"))
    answer = sign_in(client, remember="y")
    assert any(("remember_token" in cookie and "Max-Age" in cookie) or "Expires" in cookie
               for cookie in answer.headers.getlist("Set-Cookie"))  # fmt: skip
    value = client.get_cookie("remember_token").value
    clock.move(timedelta(days=2))
    assert is_in(client)
    clock.move(timedelta(days=1, seconds=1))
    client.set_cookie("remember_token", value)  # a stolen cookie has no date a browser would keep to
    assert not is_in(client)


@pytest.mark.req("ACC-9", "S8")
def test_signing_out_forgets_the_device(client: Any, db: Any) -> None:
    make_account("known")
    sign_in(client, remember="y")
    client.post("/logout/")
    assert client.get_cookie("remember_token") is None
    assert not is_in(client)


@pytest.mark.req("ACC-4", "S8")
def test_older_sessions_and_remembered_devices_end_with_the_password(app: Any, client: Any, db: Any) -> None:
    account = make_account("known")
    remembering = app.test_client()
    sign_in(client)
    sign_in(remembering, remember="y")
    remembering.delete_cookie("session")
    assert is_in(client)
    assert is_in(remembering)
    remembering.delete_cookie("session")
    change_password(account, PASSWORD, "Gruen-9182-Wald", actor=actor(account), vault=VAULT)
    assert not is_in(client)
    assert not is_in(remembering)
    assert sign_in(client, password="Gruen-9182-Wald").status_code == 302
    assert is_in(client)


@pytest.mark.req("S8")
def test_signing_in_begins_a_new_session(client: Any, db: Any) -> None:
    make_account("known")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["sv"] == 1
