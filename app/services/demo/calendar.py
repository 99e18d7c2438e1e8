"""Chapter three: last, this and next training year, with their batches, rounds and windows (PRG-1).

The day of loading stands in the middle of round one of one of this year's batches.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from app.domain.calendar import check_windows
from app.domain.clock import SHANGHAI
from app.domain.terms import RoundKind, WindowKind
from app.extensions import db
from app.models import Batch, BatchWindow, EnrollmentRound, TrainingYear
from app.services.demo.making import Making

# Step, first day beside the day of loading, number of days.
STEPS = ((WindowKind.DECLARATION, -60, 30), (WindowKind.REVIEW, -45, 26), (WindowKind.ROUND_ONE, -4, 8),
         (WindowKind.ROUND_ONE_SCHOOL, -3, 13), (WindowKind.ADJUSTMENT, 11, 7), (WindowKind.ROUND_TWO, 19, 5),
         (WindowKind.ROUND_TWO_SCHOOL, 19, 9), (WindowKind.SECOND_ADJUSTMENT, 29, 5))  # fmt: skip
OPENS, CLOSES = time(8), time(17)
NOTICES = {
    RoundKind.ROUND_ONE: "请在截止日前完成选课；报名人数超过计划数的班级将随机筛选。",
    RoundKind.ROUND_TWO: "仅限一轮已经学校同意而未能入选的教师补报，先到先得，报满为止。",
}


NAMES = ("第一批", "第二批")
BETWEEN = 110  # days from the first batch of a year to the second
SECOND_HALF = 7  # the month from which the batch of today is the second of its year
CLASSES_AFTER = 45  # days from the middle of round one to the middle of a batch's classes
# Further batches of this year: name, days beside the day of loading. One is being adjusted, one is being declared.
FURTHER = (("专项批次", -13), ("补充批次", 40))


def current_year(day: date) -> int:
    """Return the training year the batch of `day` belongs to: that of its classes."""
    return (day + timedelta(days=CLASSES_AFTER)).year


def load(making: Making) -> None:
    """Add the years with everything in them: two batches each and this year's further ones, next year's second not."""
    classes = making.day + timedelta(days=CLASSES_AFTER)
    first_day = making.day - timedelta(days=BETWEEN if classes.month >= SECOND_HALF else 0)
    for offset, batches in ((-1, 2), (0, 2), (1, 1)):
        year = _year(classes.year + offset, is_current=offset == 0)
        db.session.add(year)
        for number in range(batches):
            _batch(year, number + 1, NAMES[number], first_day + timedelta(days=365 * offset + BETWEEN * number))
        for number, (name, days) in enumerate(FURTHER if offset == 0 else (), batches + 1):
            _batch(year, number, name, making.day + timedelta(days=days))
    db.session.flush()


def _batch(year: TrainingYear, number: int, name: str, day: date) -> None:
    """Add a batch whose round one is in its middle on `day`."""
    batch = Batch(training_year=year, sequence=number, name=name)
    rounds = [EnrollmentRound(batch=batch, kind=kind, notice=NOTICES[kind]) for kind in RoundKind]
    windows = list(_windows(batch, day))
    check_windows(windows)
    db.session.add_all([batch, *rounds, *windows])


def _year(year: int, *, is_current: bool) -> TrainingYear:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return TrainingYear(year=year, name=f"{year}年度", starts_on=first, ends_on=last, is_current=is_current)


def _windows(batch: Batch, day: date) -> Iterable[BatchWindow]:
    for kind, offset, days in STEPS:
        first = day + timedelta(days=offset)
        opens, closes = (_at(first, OPENS), _at(first + timedelta(days=days), CLOSES))
        yield BatchWindow(batch=batch, kind=kind, opens_at=opens, closes_at=closes)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, SHANGHAI)
