"""Limits that all processes share, the lock and the picture question (ACC-8)."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.domain.errors import DomainError, Invalid, TooManyRequests
from app.domain.terms import AuditAction
from app.extensions import db as extension
from app.models import Attempt, AuditEntry, Captcha, ParameterValue
from app.services import attempts, captcha
from app.services.attempts import Limit, count_attempt, drop_expired, enforce
from app.services.captcha import Answer, check_answer, draw, new_puzzle
from app.services.sign_in import captcha_needed, sign_in
from tests.support.accounts import PASSWORD, VAULT, make_account

LIMIT = Limit("test", 2, 60)


def fail(name: str, **options: Any) -> DomainError:
    """The error of a sign-in with a wrong password."""
    with pytest.raises(DomainError) as raised:
        sign_in(name, "wrong", vault=VAULT, **options)
    return raised.value


def set_parameter(name: str, value: str) -> None:
    extension.session.add(ParameterValue(name=name, value=value))
    extension.session.commit()


@pytest.mark.req("ACC-8", "S8")
def test_a_limit_holds_for_its_window_and_tells_how_long_to_wait(db: Any, clock: Any) -> None:
    enforce(LIMIT, "a", vault=VAULT)
    clock.move(timedelta(seconds=20))
    enforce(LIMIT, "a", vault=VAULT)
    with pytest.raises(TooManyRequests) as raised:
        enforce(LIMIT, "a", vault=VAULT)
    assert 39 <= raised.value.retry_after <= 41
    enforce(LIMIT, "b", vault=VAULT)
    clock.move(timedelta(seconds=41))
    enforce(LIMIT, "a", vault=VAULT)


@pytest.mark.req("ACC-8", "S8")
def test_parallel_attempts_are_each_counted_once(fresh_app: Any) -> None:
    def attempt(_number: int) -> int:
        with fresh_app.app_context():
            return count_attempt("race", "who", seconds=60, vault=VAULT)[0]

    with ThreadPoolExecutor(4) as pool:
        counts = sorted(pool.map(attempt, range(12)))
    assert counts == list(range(1, 13))


@pytest.mark.req("ACC-8")
def test_expired_windows_go_and_names_are_not_kept_in_plain(db: Any, clock: Any) -> None:
    count_attempt("old", "somebody", seconds=60, vault=VAULT)
    clock.move(timedelta(seconds=61))
    count_attempt("new", "somebody", seconds=60, vault=VAULT)
    assert drop_expired() == 1
    (row,) = db.session.scalars(select(Attempt))
    assert row.key.startswith("new:")
    assert "somebody" not in row.key


@pytest.mark.req("ACC-8", "S8")
def test_known_and_unknown_names_are_locked_alike(db: Any, clock: Any) -> None:
    set_parameter("captcha", "never")
    make_account("known")
    told = {name: [fail(name) for _ in range(6)] for name in ("known", "unknown")}
    for errors in told.values():
        assert [error.status for error in errors] == [422] * 5 + [429]
    assert [str(e) for e in told["known"]] == [str(e) for e in told["unknown"]]
    with pytest.raises(TooManyRequests):
        sign_in("known", PASSWORD, vault=VAULT)
    clock.move(timedelta(minutes=15, seconds=1))
    assert sign_in("known", PASSWORD, vault=VAULT).failed_sign_ins == 0
    assert fail("unknown").status == 422
    locks = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == AuditAction.LOCK)
    assert db.session.scalar(locks) == 1


@pytest.mark.req("ACC-8")
def test_the_name_and_the_address_have_limits_of_their_own(
    db: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_parameter("captcha", "never")
    make_account("one")
    monkeypatch.setattr("app.services.sign_in.PER_ADDRESS", Limit("sign-in-address", 3, 600))
    for name in ("one", "two", "three"):
        assert fail(name, address="192.0.2.7").status == 422
    assert fail("four", address="192.0.2.7").code == "too_many_attempts"
    assert sign_in("one", PASSWORD, vault=VAULT, address="192.0.2.8").username == "one"


@pytest.mark.req("ACC-8")
@pytest.mark.parametrize(("mode", "expected"), [("always", [True] * 4), ("never", [False] * 4),
                                                ("after_failures", [False, False, False, True])])  # fmt: skip
@pytest.mark.parametrize("name", ["known", "unknown"])
def test_the_picture_is_asked_for_as_the_parameter_says(
    db: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, mode: str, expected: list[bool], name: str
) -> None:
    set_parameter("captcha", mode)
    make_account("known")
    asked = []
    for _ in range(4):
        asked.append(captcha_needed(name, vault=VAULT))
        fail(name, captcha=solved(monkeypatch))
    assert asked == expected


def solved(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """The right answer to a new picture whose characters are known."""
    with monkeypatch.context() as patched:
        patched.setattr(captcha.secrets, "choice", lambda _characters: "K")
        return Answer(new_puzzle(VAULT).token, "kkkk")


@pytest.mark.req("ACC-8")
def test_the_right_password_without_the_picture_is_not_enough(
    db: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_parameter("captcha", "always")
    account = make_account("known")
    with pytest.raises(Invalid) as raised:
        sign_in("known", PASSWORD, vault=VAULT)
    assert (raised.value.code, account.failed_sign_ins) == ("captcha_missing", 0)
    assert sign_in("known", PASSWORD, vault=VAULT, captcha=solved(monkeypatch)) is account


@pytest.mark.req("ACC-8")
def test_an_answer_counts_once_within_five_minutes(db: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right, late, wrong = (solved(monkeypatch) for _ in range(3))
    check_answer(right, VAULT)
    with pytest.raises(Invalid):
        check_answer(right, VAULT)
    with pytest.raises(Invalid):
        check_answer(Answer(wrong.token, "AAAA"), VAULT)
    with pytest.raises(Invalid):
        check_answer(wrong, VAULT)
    clock.move(timedelta(minutes=5, seconds=1))
    with pytest.raises(Invalid):
        check_answer(late, VAULT)
    solved(monkeypatch)
    (left,) = db.session.scalars(select(Captcha))
    assert "KKKK" not in left.answer_key


@pytest.mark.req("ACC-8")
def test_the_picture_is_a_png_that_differs_each_time() -> None:
    first, second = draw("ABCD"), draw("ABCD")
    picture = Image.open(io.BytesIO(first))
    assert (picture.format, picture.size) == ("PNG", (120, 40))
    assert first != second
    assert attempts.INSERTS.keys() == {"sqlite", "postgresql"}
