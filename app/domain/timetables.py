"""When a class takes place, and whether two classes clash (ENR-15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One session: aware moments, the end excluded, so that one may end when the next begins."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Timetable:
    """First and last day of a class (both count), and its sessions if they are entered."""

    starts_on: date
    ends_on: date
    sessions: tuple[Session, ...] = ()


def clashes(one: Timetable, other: Timetable) -> bool:
    """Say whether two classes clash: by their sessions when both have them, else by their days."""
    if one.starts_on > other.ends_on or other.starts_on > one.ends_on:
        return False
    if not one.sessions or not other.sessions:
        return True
    return _sessions_clash(sorted(one.sessions, key=_start), sorted(other.sessions, key=_start))


def _start(session: Session) -> datetime:
    return session.starts_at


def _sessions_clash(ours: list[Session], theirs: list[Session]) -> bool:
    """Walk both sorted lists once; whichever session ends first cannot clash with anything later."""
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if ours[i].starts_at < theirs[j].ends_at and theirs[j].starts_at < ours[i].ends_at:
            return True
        if ours[i].ends_at <= theirs[j].ends_at:
            i += 1
        else:
            j += 1
    return False


def own_clashes(sessions: tuple[Session, ...]) -> list[tuple[int, int]]:
    """Return the pairs of sessions of one class that overlap, by their index in `sessions` (PRG-2)."""
    order = sorted(range(len(sessions)), key=lambda index: (sessions[index].starts_at, sessions[index].ends_at))
    found: list[tuple[int, int]] = []
    latest: int | None = None
    for index in order:
        if latest is not None and sessions[index].starts_at < sessions[latest].ends_at:
            found.append((latest, index))
        if latest is None or sessions[index].ends_at > sessions[latest].ends_at:
            latest = index
    return found
