"""Settings: a wrong, unknown, missing or unsafe one stops the start with a sentence that names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import config
from config import SettingError, Settings, database_uri, load_settings

pytestmark = pytest.mark.req("OPS-4")
STRONG = {"SECRET_KEY": "s" * 40, "DATA_KEY": "d" * 40}
PRODUCTION = {"ENVIRONMENT": "production", "SECURE_COOKIES": True, **STRONG}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no setting of the surroundings in."""
    for name in (*Settings.__dataclass_fields__, "OIDC_ISSUER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("INSTANCE_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ENVIRONMENT", "prod", "ENVIRONMENT must be one of development, test, production"),
        ("DEFAULT_LANGUAGE", "fr", "DEFAULT_LANGUAGE must be zh or en"),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL must begin with"),
        ("REDIS_URL", "localhost:6379", "REDIS_URL must begin with redis://"),
        ("SMTP_URL", "mail.example.cn", "SMTP_URL must look like smtp://"),
        ("PORT", "eighty", "PORT must be a whole number"),
        ("PORT", "70000", "PORT must be a number from 1 to 65535"),
        ("WEB_WORKERS", "0", "WEB_WORKERS must be 1 or more"),
        ("WEB_WORKERS", "-1", "WEB_WORKERS must not be negative"),
        ("SECURE_COOKIES", "perhaps", "SECURE_COOKIES must be true or false"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL must be one of"),
        ("DATABSE_URL", "postgresql://x/y", "Unknown setting: DATABSE_URL. Did you mean DATABASE_URL?"),
        ("OIDC_ISSUERS", "https://x", "Unknown setting: OIDC_ISSUERS"),
        ("OIDC_ISSUER", "https://x", "Single sign-on needs OIDC_CLIENT_ID, OIDC_CLIENT_SECRET as well"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=says.replace("?", r"\?")):
        load_settings()


def test_an_unknown_override_is_named() -> None:
    with pytest.raises(SettingError, match="Unknown setting: COLOUR"):
        load_settings({"COLOUR": "red"})


def test_other_programs_variables_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "PORTS", "REDIS_PORT", "DATABASE_PASSWORD", "LANGUAGE"):
        monkeypatch.setenv(name, "x")
    assert load_settings().PORT == 8080


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SECRET_KEY": ""}, "Production needs SECRET_KEY"),
        ({"DATA_KEY": "short"}, "Production needs DATA_KEY"),
        ({"DATA_KEY": STRONG["SECRET_KEY"]}, "SECRET_KEY and DATA_KEY must differ"),
        ({"SECURE_COOKIES": False}, "Production needs SECURE_COOKIES=true"),
        ({"DEMO": True}, "DEMO must be off in production"),
    ],
)
def test_production_starts_with_safe_settings_only(change: dict[str, Any], says: str) -> None:
    assert load_settings(PRODUCTION).production
    with pytest.raises(SettingError, match=says):
        load_settings({**PRODUCTION, **change})


@pytest.mark.req("R3")
def test_an_instance_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SettingError, match=f"INSTANCE_DIR {file}/below cannot be written"):
        load_settings({"INSTANCE_DIR": str(file / "below")})


def test_generated_secrets_are_kept_for_the_owner_only(tmp_path: Path) -> None:
    first, second = load_settings(), load_settings()
    assert first.SECRET_KEY == second.SECRET_KEY != first.DATA_KEY
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*_key.txt")} == {0o600}


@pytest.mark.parametrize("given", ["postgres://u@h/n", "postgresql://u@h/n", "postgresql+psycopg://u@h/n"])
def test_postgresql_is_always_spoken_to_through_one_driver(given: str) -> None:
    assert database_uri(Settings(DATABASE_URL=given)) == "postgresql+psycopg://u@h/n"


def test_the_sentence_reaches_who_starts_the_platform(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run:app", "db", "upgrade"],
        cwd=config.ROOT, env=os.environ | {"ENVIRONMENT": "production"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode != 0
    assert "Production needs SECRET_KEY: at least 32 random characters" in answer.stderr
    assert "Traceback" not in answer.stderr
