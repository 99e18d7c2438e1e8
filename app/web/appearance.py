"""How a word of the model looks: its tone and icon as data. Never colour alone: the word always stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from markupsafe import Markup

from app.domain.clock import local, now
from app.domain.text import LabelledEnum

GOOD, CALM, WAITING, BAD, NEUTRAL = "good", "calm", "waiting", "bad", "neutral"
STATEFUL = ("Status", "State", "ResultMark")
SOON = timedelta(days=2)  # a deadline nearer than this is shown as urgent


@dataclass(frozen=True, slots=True)
class Look:
    """A tone (`pill-good` … of app.css) and an icon."""

    tone: str
    icon: str


UNKNOWN = Look(NEUTRAL, "ti-point")

# By the stored value; a value that looks different in one enumeration stands below with the enumeration's name.
LOOKS: dict[str, Look] = {
    # settled, well
    "active": Look(GOOD, "ti-circle-check"),
    "admitted": Look(GOOD, "ti-circle-check"),
    "approved": Look(GOOD, "ti-circle-check"),
    "completed": Look(GOOD, "ti-flag"),
    "confirmed": Look(GOOD, "ti-circle-check"),
    "credited": Look(GOOD, "ti-award"),
    "done": Look(GOOD, "ti-circle-check"),
    "employed": Look(GOOD, "ti-circle-check"),
    "excellent": Look(GOOD, "ti-star"),
    "given": Look(GOOD, "ti-message-check"),
    "graded": Look(GOOD, "ti-clipboard-check"),
    "applied": Look(GOOD, "ti-circle-check"),
    "passed": Look(GOOD, "ti-circle-check"),
    "present": Look(GOOD, "ti-circle-check"),
    "valid": Look(GOOD, "ti-certificate"),
    # going on
    "allotted": Look(CALM, "ti-users"),
    "declared": Look(CALM, "ti-send"),
    "excused": Look(CALM, "ti-note"),
    "offered": Look(CALM, "ti-door-enter"),
    "open": Look(CALM, "ti-pencil-plus"),
    "preparing": Look(CALM, "ti-tool"),
    "reassigned": Look(CALM, "ti-arrows-exchange"),
    "released": Look(CALM, "ti-arrow-right-circle"),
    "applying": Look(CALM, "ti-player-play"),
    "planned": Look(CALM, "ti-list-check"),
    "running": Look(CALM, "ti-player-play"),
    "seconded": Look(CALM, "ti-arrows-exchange"),
    # somebody's turn
    "asked": Look(WAITING, "ti-message-question"),
    "awaiting_bureau": Look(WAITING, "ti-hourglass"),
    "awaiting_institution": Look(WAITING, "ti-hourglass"),
    "awaiting_school": Look(WAITING, "ti-hourglass"),
    "filed": Look(WAITING, "ti-hourglass"),
    "late": Look(WAITING, "ti-clock-exclamation"),
    "left_early": Look(WAITING, "ti-clock-exclamation"),
    "locked": Look(WAITING, "ti-lock"),
    "not_submitted": Look(WAITING, "ti-pencil"),
    "planning": Look(WAITING, "ti-hourglass"),
    "pending": Look(WAITING, "ti-hourglass"),
    "queued": Look(WAITING, "ti-clock"),
    "requested": Look(WAITING, "ti-hourglass"),
    "returned": Look(WAITING, "ti-arrow-back-up"),
    "submitted": Look(WAITING, "ti-hourglass"),
    "suspended": Look(WAITING, "ti-player-pause"),
    "unattached": Look(WAITING, "ti-user-question"),
    "upcoming": Look(WAITING, "ti-clock"),
    # settled, not as wished
    "absent": Look(BAD, "ti-user-x"),
    "bureau_rejected": Look(BAD, "ti-circle-x"),
    "class_cancelled": Look(BAD, "ti-ban"),
    "declined": Look(BAD, "ti-circle-x"),
    "failed": Look(BAD, "ti-alert-circle"),
    "not_drawn": Look(BAD, "ti-dice-3"),
    "refused": Look(BAD, "ti-circle-x"),
    "rejected": Look(BAD, "ti-circle-x"),
    "revoked": Look(BAD, "ti-ban"),
    "school_rejected": Look(BAD, "ti-circle-x"),
    "school_timeout": Look(BAD, "ti-clock-x"),
    # over, or not begun
    "cancelled": Look(NEUTRAL, "ti-ban"),
    "closed": Look(NEUTRAL, "ti-door"),
    "disabled": Look(NEUTRAL, "ti-ban"),
    "draft": Look(NEUTRAL, "ti-pencil"),
    "expired": Look(NEUTRAL, "ti-calendar-off"),
    "left": Look(NEUTRAL, "ti-door-exit"),
    "merged": Look(NEUTRAL, "ti-git-merge"),
    "withdrawn": Look(NEUTRAL, "ti-arrow-back-up"),
}
LOOKS_IN: dict[tuple[str, str], Look] = {
    ("RecordReportState", "submitted"): Look(CALM, "ti-send"),
    ("ImportOutcome", "new"): Look(GOOD, "ti-plus"),
    ("ImportOutcome", "changed"): Look(CALM, "ti-pencil"),
    ("ImportOutcome", "same"): Look(NEUTRAL, "ti-equal"),
    ("ImportOutcome", "duplicate"): Look(WAITING, "ti-copy"),
    ("ImportOutcome", "elsewhere"): Look(WAITING, "ti-map-pin-off"),
    ("ImportOutcome", "error"): Look(BAD, "ti-alert-circle"),
    ("ClassState", "cancelled"): Look(BAD, "ti-ban"),
    ("DrawState", "early"): Look(NEUTRAL, "ti-hourglass"),
    ("DrawState", "enough"): Look(GOOD, "ti-circle-check"),
    ("DrawState", "ready"): Look(BAD, "ti-snowflake"),
    ("DrawState", "frozen"): Look(WAITING, "ti-dice-3"),
    ("DrawState", "drawn"): Look(CALM, "ti-list-numbers"),
}


def look(value: LabelledEnum) -> Look:
    """Return how `value` looks."""
    return LOOKS_IN.get((type(value).__name__, value.value)) or LOOKS.get(value.value, UNKNOWN)


def is_state(value: LabelledEnum) -> bool:
    """Tell whether the word says where something stands, rather than what kind it is."""
    return type(value).__name__.endswith(STATEFUL)


def pill(value: LabelledEnum) -> Markup:
    """Return a state as a coloured pill with icon and word, a kind as its word."""
    word = _(value.label)
    return pill_of(word, look(value)) if is_state(value) else Markup("%s") % word


def pill_of(word: str, appearance: Look) -> Markup:
    """Return `word` as a pill."""
    inside = Markup('<i class="ti %s" aria-hidden="true"></i>%s') % (appearance.icon, word)
    return Markup('<span class="pill pill-%s">%s</span>') % (appearance.tone, inside)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment as a deadline: the words, the tone, and the moment itself for the tooltip."""

    text: str
    tone: str
    moment: str


def deadline(when: datetime) -> Deadline:
    """Return how long there is until `when`: days, then hours, then minutes; passed is passed."""
    left = when - now()
    moment = f"{local(when):%Y-%m-%d %H:%M}"
    if left <= timedelta(0):
        return Deadline(_("Deadline passed"), NEUTRAL, moment)
    return Deadline(remaining(left), BAD if left < SOON else CALM, moment)


def remaining(left: timedelta, *, until: bool = False) -> str:
    """Return a span as people say it, in days, then hours, then minutes: what is left, or `until` something begins."""
    hours, minutes = int(left.total_seconds() // 3600), max(int(left.total_seconds() // 60), 1)
    if left >= timedelta(days=1):
        return _("in %(days)d days", days=left.days) if until else _("%(days)d days left", days=left.days)
    if hours:
        return _("in %(hours)d hours", hours=hours) if until else _("%(hours)d hours left", hours=hours)
    return _("in %(minutes)d minutes", minutes=minutes) if until else _("%(minutes)d minutes left", minutes=minutes)


def day(when: datetime | None) -> str:
    """Return the day and time of a moment without its year, a dash for none."""
    return f"{local(when):%m-%d %H:%M}" if when else "—"


def moment(when: datetime | None) -> str:
    """Return a moment as it is read in Shanghai, a dash for none."""
    return f"{local(when):%Y-%m-%d %H:%M}" if when else "—"
