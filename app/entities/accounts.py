"""Accounts and what signing in needs (ACC). The framework's user table, with our columns added."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import Boolean, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.domain.clock import now
from app.domain.terms import AccountStatus
from app.domain.text import N_
from app.entities.base import Record, UtcDateTime, column, enum_column, reference

if TYPE_CHECKING:
    from app.entities.people import Teacher
    from app.entities.places import Bureau, Institution, School


class Account(User):
    """Someone who signs in. At most one organisation is administered; a teacher may administer a school too (ACC-1)."""

    __tablename__ = "ab_user"
    __label__ = N_("Account")

    status: Mapped[AccountStatus] = enum_column(
        N_("Status"), AccountStatus, nullable=False, default=AccountStatus.ACTIVE, server_default="active"
    )
    nickname: Mapped[str | None] = column(N_("Nickname"), String(50))
    phone: Mapped[str | None] = column(N_("Phone"), String(32), protected=True)
    bureau_id: Mapped[int | None] = reference(N_("Education bureau"), "bureau.id")
    institution_id: Mapped[int | None] = reference(N_("Training institution"), "institution.id")
    school_id: Mapped[int | None] = reference(N_("School"), "school.id")
    must_change_password: Mapped[bool] = column(
        N_("Must change the password"), Boolean, nullable=False, default=False, server_default="0"
    )
    # A session remembers the version it began with; a password change or sign-out everywhere ends the older ones.
    session_version: Mapped[int] = column(N_("Session version"), Integer, nullable=False, default=1, server_default="1")
    failed_sign_ins: Mapped[int] = column(N_("Failed sign-ins"), Integer, nullable=False, default=0, server_default="0")
    locked_until: Mapped[datetime | None] = column(N_("Locked until"), UtcDateTime)
    # The unused first password, sealed; emptied by the first change (ACC-5).
    initial_password_sealed: Mapped[bytes | None] = column(N_("First password"), LargeBinary, protected=True)
    password_changed_at: Mapped[datetime | None] = column(N_("Password changed"), UtcDateTime)
    version: Mapped[int] = column(N_("Version"), Integer, nullable=False, default=1, server_default="1")

    bureau: Mapped[Bureau | None] = relationship("Bureau", foreign_keys="Account.bureau_id")
    institution: Mapped[Institution | None] = relationship("Institution", foreign_keys="Account.institution_id")
    school: Mapped[School | None] = relationship("School", foreign_keys="Account.school_id")
    teacher: Mapped[Teacher | None] = relationship("Teacher", back_populates="account", uselist=False)

    __labels__ = {"place": N_("Organisation"), "roles": N_("Roles"), "standing": N_("Status")}

    @property
    def place(self) -> Bureau | Institution | School | None:
        """Where the account stands: the organisation it administers, else the school of its teacher."""
        return self.bureau or self.institution or self.school or (self.teacher.school if self.teacher else None)

    @property
    def standing(self) -> AccountStatus:
        """The status as it counts now: an account that is locked for a while says so."""
        locked = self.locked_until is not None and self.locked_until > now()
        return AccountStatus.LOCKED if locked and self.status is AccountStatus.ACTIVE else self.status

    @property
    def name(self) -> str:
        """The person's name, family name first as it is written."""
        return f"{self.last_name}{self.first_name}"

    def get_id(self) -> str:
        """Return what a session and the cookie that remembers it keep: account, session version, beginning (ACC-9)."""
        return f"{self.id}.{self.session_version}.{int(now().timestamp())}"

    def get_full_name(self) -> str:
        """Return the name the framework's pages show."""
        return self.name

    @property
    def is_active(self) -> bool:
        """Whether the account may hold a session."""
        return bool(self.active) and self.status != AccountStatus.DISABLED

    def __str__(self) -> str:
        """Return the name and the user name."""
        return f"{self.name} ({self.username})"

    __repr__ = __str__


# The framework's own tables and columns carry no labels.
Role.__label__ = N_("Role")  # type: ignore[attr-defined]
for _column, _label in (
    ("username", N_("User name")),
    ("last_name", N_("Person's name")),
    ("email", N_("E-mail")),
    ("last_login", N_("Last sign-in")),
):
    User.__table__.c[_column].info["label"] = _label


class LoginName(Record):
    """A name an account signs in with: user name, teacher number or national ID (ACC-2).

    One table, so that one person's teacher number can never be another's user name. National IDs stand here as
    their keyed index, never in plain text.
    """

    __tablename__ = "login_name"
    __label__ = N_("Sign-in name")

    name: Mapped[str] = column(N_("Sign-in name"), String(128), unique=True, nullable=False)
    account_id: Mapped[int] = reference(N_("Account"), "ab_user.id", nullable=False, ondelete="CASCADE")
    account: Mapped[Account] = relationship()


class SecurityStamp(Record):
    """One row: its number is another one after each change of what processes remember (ACC-12)."""

    __tablename__ = "security_stamp"
    __label__ = N_("Permission stamp")

    number: Mapped[int] = column(N_("Number"), Integer, nullable=False, default=1)


class PermissionChange(Record):
    """Where a role differs from what the code gives it, because somebody decided so on the screen (ACC-12)."""

    __tablename__ = "permission_change"
    __label__ = N_("Change to a role")
    __table_args__ = (UniqueConstraint("role_id", "verb", "resource"),)

    role_id: Mapped[int] = reference(N_("Role"), "ab_role.id", nullable=False, index=False, ondelete="CASCADE")
    verb: Mapped[str] = column(N_("Act"), String(32), nullable=False)
    resource: Mapped[str] = column(N_("What it is about"), String(64), nullable=False)
    held: Mapped[bool] = column(N_("Held"), Boolean, nullable=False)

    role: Mapped[Role] = relationship()

    def __str__(self) -> str:
        """Return the permission and whether it was given or taken."""
        return f"{'+' if self.held else '-'}{self.verb} {self.resource}"


class Attempt(Record):
    """How often something was tried in a window of time, shared by all processes (ACC-8)."""

    __tablename__ = "attempt"
    __label__ = N_("Attempt")

    key: Mapped[str] = column(N_("Counted for"), String(128), unique=True, nullable=False)
    count: Mapped[int] = column(N_("Attempts"), Integer, nullable=False, default=0)
    expires_at: Mapped[datetime] = column(N_("Counted until"), UtcDateTime, nullable=False)


class Captcha(Record):
    """A picture question, good for one answer (ACC-8)."""

    __tablename__ = "captcha"
    __label__ = N_("Captcha")

    token: Mapped[str] = column(N_("Token"), String(64), unique=True, nullable=False)
    answer_key: Mapped[str] = column(N_("Answer index"), String(64), nullable=False)
    expires_at: Mapped[datetime] = column(N_("Good until"), UtcDateTime, nullable=False, index=True)


class SavedFilter(Record):
    """A set of filters somebody keeps under a name, for one list (TCH-4)."""

    __tablename__ = "saved_filter"
    __label__ = N_("Saved filters")
    __table_args__ = (UniqueConstraint("account_id", "list_name", "name", name="uq_saved_filter_name"),)

    account_id: Mapped[int] = reference(N_("Account"), "ab_user.id", index=False, nullable=False, ondelete="CASCADE")
    list_name: Mapped[str] = column(N_("List"), String(64), nullable=False)
    name: Mapped[str] = column(N_("Name"), String(50), nullable=False)
    query: Mapped[str] = column(N_("Filters"), String(1000), nullable=False)
