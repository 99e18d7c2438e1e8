"""Every setting once: its name, its default and why. Environment variables of the same name override.

`load_settings()` refuses to start when a production setting is missing or unsafe, and names it.
"""

from __future__ import annotations

import difflib
import os
import secrets
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ROOT = Path(__file__).resolve().parent
TRUE_WORDS, FALSE_WORDS = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
ENVIRONMENTS = ("development", "test", "production")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LARGEST_PORT = 65_535
OIDC_NAMES = ("issuer", "client_id", "client_secret")
LIKENESS = 0.92  # of a variable's name to a setting's, from which it is taken for a slip of the pen
# Addresses: setting → what they may begin with.
ADDRESSES = {
    "DATABASE_URL": ("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://"),
    "REDIS_URL": ("redis://", "rediss://", "unix://"),
}


class SettingError(SystemExit):
    """A setting is missing, malformed or unsafe; the message says which and what to do."""


@dataclass
class Settings:
    """Settings a deployment may choose. Everything the framework needs besides is derived in `flask_config`."""

    ENVIRONMENT: str = "development"  # development | test | production: production checks secrets and cookies
    INSTANCE_DIR: str = str(ROOT / "instance")  # database file, uploads, exports, generated secrets
    DATABASE_URL: str = ""  # empty: SQLite file in INSTANCE_DIR; PostgreSQL: postgresql://user:password@host/name
    REDIS_URL: str = ""  # empty: the job queue is a SQLite file in INSTANCE_DIR
    SMTP_URL: str = ""  # empty: no mail is sent; smtp://user:password@host:port?from=address
    SECRET_KEY: str = ""  # signs sessions; generated into INSTANCE_DIR outside production
    DATA_KEY: str = ""  # seals national IDs and first passwords; generated into INSTANCE_DIR outside production
    PORT: int = 8080  # where `make run` serves
    WEB_WORKERS: int = 2  # web processes; never threads (docs/architecture.md)
    PROXY_HOPS: int = 0  # trusted reverse proxies in front; 0 takes the peer's address as it is
    SECURE_COOKIES: bool = False  # True behind HTTPS; production insists
    MAX_UPLOAD_BYTES: int = 220 * 1024 * 1024  # the largest request body; single uploads have tighter limits
    DEFAULT_LANGUAGE: str = "zh"  # zh | en
    DEMO: bool = False  # demo conveniences (the clock bar); never in production
    LOG_LEVEL: str = "INFO"
    # Single sign-on beside passwords: issuer, client_id, client_secret.
    OIDC: dict[str, str] = field(default_factory=dict)

    @property
    def production(self) -> bool:
        """Whether the strict checks and headers of a real deployment apply."""
        return self.ENVIRONMENT == "production"

    @property
    def instance(self) -> Path:
        """The writable folder."""
        return Path(self.INSTANCE_DIR)


def load_settings(overrides: dict[str, Any] | None = None) -> Settings:
    """Return the settings from defaults, environment and `overrides`, checked. Raises SettingError by name."""
    given = overrides or {}
    _refuse_unknown(given)
    settings = Settings(**{f.name: _value(f.name, f.default, given) for f in fields(Settings) if f.name != "OIDC"})
    settings.OIDC = given.get("OIDC") or _oidc()
    _check(settings)
    _ensure_secrets(settings)
    return settings


def _refuse_unknown(given: dict[str, Any]) -> None:
    """Refuse an override nobody knows, and a variable of the environment that is a setting's name with a slip in it."""
    known = {f.name for f in fields(Settings)} - {"OIDC"} | {f"OIDC_{name.upper()}" for name in OIDC_NAMES}
    unknown = [name for name in given if name not in known | {"OIDC"} and name.isupper()]
    if unknown:
        raise SettingError(f"Unknown setting: {', '.join(sorted(unknown))}. Known settings are listed in config.py.")
    for name in sorted(set(os.environ) - known):
        meant = difflib.get_close_matches(name, known, n=1, cutoff=LIKENESS)
        if meant or name.startswith("OIDC_"):
            hint = f"Did you mean {meant[0]}?" if meant else "Known settings are listed in config.py."
            raise SettingError(f"Unknown setting: {name}. {hint}")


def _value(name: str, default: Any, given: dict[str, Any]) -> Any:
    raw = given.get(name, os.environ.get(name, default))
    if isinstance(default, bool):
        return raw if isinstance(raw, bool) else _yes_or_no(name, str(raw).strip().lower())
    if isinstance(default, int):
        return _whole_number(name, default if raw == "" else raw)
    return str(raw).strip()


def _yes_or_no(name: str, word: str) -> bool:
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise SettingError(f"{name} must be true or false, not {word!r}.")
    return word in TRUE_WORDS


def _whole_number(name: str, raw: Any) -> int:
    try:
        number = int(raw)
    except (TypeError, ValueError):
        raise SettingError(f"{name} must be a whole number, not {raw!r}.") from None
    if number < 0:
        raise SettingError(f"{name} must not be negative, it is {number}.")
    return number


def _oidc() -> dict[str, str]:
    found = {name: os.environ.get(f"OIDC_{name.upper()}", "") for name in OIDC_NAMES}
    missing = [f"OIDC_{name.upper()}" for name in OIDC_NAMES if not found[name]]
    if missing and len(missing) < len(OIDC_NAMES):
        raise SettingError(f"Single sign-on needs {', '.join(missing)} as well.")
    return {} if missing else found


def _check(settings: Settings) -> None:
    if settings.ENVIRONMENT not in ENVIRONMENTS:
        raise SettingError(f"ENVIRONMENT must be one of {', '.join(ENVIRONMENTS)}, not {settings.ENVIRONMENT!r}.")
    if settings.DEFAULT_LANGUAGE not in ("zh", "en"):
        raise SettingError(f"DEFAULT_LANGUAGE must be zh or en, not {settings.DEFAULT_LANGUAGE!r}.")
    if settings.LOG_LEVEL not in LOG_LEVELS:
        raise SettingError(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not {settings.LOG_LEVEL!r}.")
    if not 0 < settings.PORT <= LARGEST_PORT:
        raise SettingError(f"PORT must be a number from 1 to {LARGEST_PORT}, not {settings.PORT}.")
    if settings.WEB_WORKERS < 1:
        raise SettingError("WEB_WORKERS must be 1 or more.")
    for name, beginnings in ADDRESSES.items():
        if getattr(settings, name) and not getattr(settings, name).startswith(beginnings):
            raise SettingError(f"{name} must begin with {' or '.join(beginnings)}.")
    _check_mail(settings.SMTP_URL)
    if settings.production:
        _check_production(settings)


def _check_mail(url: str) -> None:
    parts = urlsplit(url)
    sender = dict(parse_qsl(parts.query)).get("from", "")
    if url and (parts.scheme not in ("smtp", "smtps") or not parts.hostname or "@" not in sender):
        raise SettingError("SMTP_URL must look like smtp://user:password@host:587?from=training@example.cn.")


def _check_production(settings: Settings) -> None:
    for name in ("SECRET_KEY", "DATA_KEY"):
        if len(getattr(settings, name)) < 32:
            raise SettingError(
                f"Production needs {name}: at least 32 random characters, for example from "
                f"`python -c 'import secrets; print(secrets.token_urlsafe(48))'`."
            )
    if settings.SECRET_KEY == settings.DATA_KEY:
        raise SettingError("SECRET_KEY and DATA_KEY must differ.")
    if not settings.SECURE_COOKIES:
        raise SettingError("Production needs SECURE_COOKIES=true and HTTPS in front.")
    if settings.DEMO:
        raise SettingError("DEMO must be off in production.")


def _ensure_secrets(settings: Settings) -> None:
    """Outside production, keep generated secrets in the instance folder so that restarts keep sessions and data."""
    try:
        settings.instance.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"INSTANCE_DIR {settings.INSTANCE_DIR} cannot be written: {error.strerror}.") from None
    for name in ("SECRET_KEY", "DATA_KEY"):
        if not getattr(settings, name):
            setattr(settings, name, _kept_secret(settings.instance / f"{name.lower()}.txt"))


def _kept_secret(path: Path) -> str:
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass  # another start, or another process of this one, made it first
    except OSError as error:
        raise SettingError(f"{path} cannot be written: {error.strerror}.") from None
    return path.read_text(encoding="ascii").strip()


def database_uri(settings: Settings) -> str:
    """Return the SQLAlchemy address; PostgreSQL always through psycopg 3."""
    url = settings.DATABASE_URL
    if not url:
        return f"sqlite:///{settings.instance / 'app.db'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def flask_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration Flask and the framework read."""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.SECRET_KEY,
        "TESTING": settings.ENVIRONMENT == "test",
        "SQLALCHEMY_DATABASE_URI": database_uri(settings),
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings),
        "MAX_CONTENT_LENGTH": settings.MAX_UPLOAD_BYTES,
        "MAX_FORM_MEMORY_SIZE": 8 * 1024 * 1024,
        "MAX_FORM_PARTS": 20_000,
        "SESSION_COOKIE_NAME": "__Host-session" if settings.SECURE_COOKIES else "session",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.SECURE_COOKIES,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": settings.SECURE_COOKIES,
        "WTF_CSRF_TIME_LIMIT": None,  # a form may stay open all morning; the session's own limits apply
        "WTF_CSRF_CHECK_DEFAULT": False,  # app/web/requests.py checks, so that token clients may be exempt
        "BABEL_DEFAULT_LOCALE": settings.DEFAULT_LANGUAGE,
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "LANGUAGES": {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}},
        **FRAMEWORK,
    }


def _engine_options(settings: Settings) -> dict[str, Any]:
    if database_uri(settings).startswith("sqlite"):
        return {"connect_args": {"timeout": 20}}
    return {"pool_pre_ping": True, "pool_size": 4, "max_overflow": 4}


# What the framework would otherwise do on its own: see docs/architecture.md, "Bending the framework".
FRAMEWORK: dict[str, Any] = {
    "APP_NAME": "教师培训管理平台",
    "AUTH_TYPE": 1,
    "AUTH_USERNAME_CI": False,
    "AUTH_RATE_LIMITED": False,
    "RATELIMIT_ENABLED": False,
    "FAB_CREATE_DB": False,
    "FAB_UPDATE_PERMS": False,
    "FAB_ADD_SECURITY_API": False,
    "FAB_ADD_MENU_API": False,
    "FAB_ADD_OPENAPI_VIEWS": False,
    "FAB_API_MAX_PAGE_SIZE": 200,
    "FAB_API_KEY_ENABLED": False,
    "FAB_INDEX_VIEW": "app.views.home.HomeView",
}
