"""Who acts: a frozen value every verb takes. It holds what the account may do and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from app.domain.errors import NotPermitted
from app.domain.state_shapes import Party
from app.domain.terms import RegionLevel, RoleName


@dataclass(frozen=True, slots=True)
class Actor:
    """An account at the moment of acting. `region_path` is set for bureau staff only: the subtree they see (ORG-6)."""

    account_id: int | None
    name: str = ""
    roles: frozenset[str] = frozenset()
    permissions: frozenset[tuple[str, str]] = frozenset()
    region_path: str | None = None
    region_level: RegionLevel | None = None
    bureau_id: int | None = None
    institution_id: int | None = None
    school_id: int | None = None
    teacher_id: int | None = None
    teacher_school_id: int | None = None
    everything: bool = False  # system administration and the platform's own jobs: every row
    address: str | None = None
    request_id: str | None = None

    @classmethod
    def anonymous(cls) -> Self:
        """Return somebody who has not signed in: may nothing, sees nothing."""
        return cls(account_id=None)

    @classmethod
    def platform(cls) -> Self:
        """Return the platform itself: seeding and scheduled work."""
        from app.security.roles import CATALOGUE

        every = frozenset((verb, resource) for resource, verbs in CATALOGUE.items() for verb in verbs)
        return cls(account_id=None, name="platform", permissions=every, everything=True)

    @property
    def signed_in(self) -> bool:
        """Whether there is an account behind this actor."""
        return self.account_id is not None

    @property
    def parties(self) -> tuple[Party, ...]:
        """The parts this actor plays in the flow of a training year; staff first, for they act for many (PRG-1)."""
        played = (
            (self.bureau_id, Party.BUREAU),
            (self.institution_id, Party.INSTITUTION),
            (self.school_id, Party.SCHOOL),
            (self.teacher_id, Party.TEACHER),
            (self.has_role(RoleName.EXPERT_REVIEWER) or None, Party.EXPERT),
        )
        return tuple(party for key, party in played if key is not None)

    def has_role(self, *roles: RoleName) -> bool:
        """Tell whether one of `roles` is held."""
        return any(role.value in self.roles for role in roles)

    def may(self, verb: str, resource: str) -> bool:
        """Tell whether `verb` on `resource` is permitted, on whatever rows the scope allows."""
        return (verb, resource) in self.permissions

    def require(self, verb: str, resource: str) -> None:
        """Raise NotPermitted unless `verb` on `resource` is permitted."""
        if not self.may(verb, resource):
            raise NotPermitted
