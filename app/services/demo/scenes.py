"""Chapter nine: what the demo's own institution declares for the coming batch, by the platform's verbs (PRG).

A declaration in every state, so that institution, bureau and expert each find something to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from app.domain.calendar import is_kind_open
from app.domain.clock import SHANGHAI, frozen
from app.domain.states import Action
from app.domain.terms import Checkpoint, WindowKind
from app.extensions import db
from app.models import Account, Batch, Programme, Region, TrainingYear
from app.security.actor import Actor
from app.security.people import actor_of
from app.services import declarations, programme_review, programmes
from app.services.declarations import Upload
from app.services.demo.catalogue import WORDS
from app.services.demo.making import Making
from app.services.demo.plans import plan_pdf
from app.services.demo.terms import noon
from app.services.programme_review import Decision

CITY, COUNTY = "330100", "330106"
CLASS_AFTER, CLASS_DAYS = 80, 2  # days from the day of loading to the first class; its length
MORNING, AFTERNOON = ("08:30", "11:30"), ("13:30", "16:30")
HOUSE = "杭州市教师发展学院"
LECTURERS = (("方晓岚", "特级教师"), ("梅知远", "教研员"))


def load(making: Making) -> None:
    """Declare, hand in, review, adjust, ask: each some days before the day of loading."""
    _Scenes(making).play()


class _Scenes:
    """The declarations, each with the days on which something happened to it."""

    def __init__(self, making: Making) -> None:
        self.making = making
        current = select(Batch).join(TrainingYear).where(TrainingYear.is_current.is_(True)).order_by(Batch.id.desc())
        open_now = (b for b in db.session.scalars(current) if is_kind_open(b.windows, WindowKind.REVIEW, noon(making)))
        self.batch = next(open_now)
        self.regions = {region.code: str(region.id) for region in db.session.scalars(select(Region))}

    def play(self) -> None:
        for number, scene in enumerate(
            (self.waits, self.waits_for_the_county, self.decided_in_part, self.returned, self.handed_in_again,
             self.adjusted, self.taken_back, self.refused, self.stored, self.half_typed)
        ):  # fmt: skip
            scene(WORDS["topics"][number])

    # --- scenes

    def waits(self, topic: str) -> None:
        """A declaration the city has to decide about; an expert has given an opinion."""
        row = self._handed_in(f"中小学教师{topic}", CITY, classes=2, day=-4)
        expert = db.session.scalars(select(Account).where(Account.username == "expert")).one()
        asked = self._on(-3, lambda: programme_review.ask_experts(row.id, [expert.id], actor=_acting("hangzhou")))
        comment = "目标清晰，实践环节充分；建议增加一线教师授课比例。"
        self._on(-2, lambda: programme_review.give_opinion(
            asked[0].id, score=88, comment=comment, actor=_acting("expert")
        ))  # fmt: skip

    def waits_for_the_county(self, topic: str) -> None:
        """A declaration for one county: its bureau decides. An expert has been asked and has not answered."""
        row = self._handed_in(f"小学教师{topic}", COUNTY, classes=1, day=-3)
        expert = db.session.scalars(select(Account).where(Account.username == "expert")).one()
        self._on(-1, lambda: programme_review.ask_experts(row.id, [expert.id], actor=_acting("xihu")))

    def decided_in_part(self, topic: str) -> None:
        """One class approved with a checkpoint, the other refused: the institution mends it."""
        row = self._handed_in(f"初中教师{topic}", CITY, classes=2, day=-4)
        approved, refused = (one.id for one in row.classes)
        self._decide(row, -2, {
            approved: Decision(Action.APPROVE, None, Checkpoint.CITY),
            refused: Decision(Action.REFUSE, WORDS["refusals"][2]),
        })  # fmt: skip

    def returned(self, topic: str) -> None:
        """A declaration that came back for changes."""
        row = self._handed_in(f"高中教师{topic}", CITY, classes=1, day=-4)
        self._decide(row, -2, {one.id: Decision(Action.RETURN, WORDS["returns"][0]) for one in row.classes})

    def handed_in_again(self, topic: str) -> None:
        """Refused, changed and handed in again: the whole history is there."""
        row = self._handed_in(f"幼儿园教师{topic}", CITY, classes=1, day=-5)
        self._decide(row, -4, {one.id: Decision(Action.REFUSE, WORDS["refusals"][1]) for one in row.classes})
        typed = declarations.typed_of(row) | {"assessment": WORDS["assessments"][1]}
        actor = _acting("institution")
        self._on(-2, lambda: declarations.declare(typed, actor=actor, programme_id=row.id))
        self._on(-1, lambda: programmes.submit(row.id, actor=actor))

    def adjusted(self, topic: str) -> None:
        """Approved after the bureau had changed the seats."""
        row = self._handed_in(f"小学班主任{topic}", CITY, classes=1, day=-4)
        seats = {one.id: {"planned_seats": one.planned_seats + 10} for one in row.classes}
        reason = "本市需求较大，适当增加名额。"
        self._on(-3, lambda: programme_review.adjust(row.id, {}, seats, reason=reason, actor=_acting("hangzhou")))
        self._decide(row, -2, {one.id: Decision(Action.APPROVE) for one in row.classes})

    def taken_back(self, topic: str) -> None:
        """Handed in and taken back before anybody had decided."""
        row = self._handed_in(f"中职教师{topic}", CITY, classes=1, day=-3)
        self._on(-2, lambda: programmes.take_back(
            row.id, reason="授课教师有变动，调整后再提交。", actor=_acting("institution")
        ))  # fmt: skip

    def refused(self, topic: str) -> None:
        """A declaration that was refused as a whole."""
        row = self._handed_in(f"小学教师{topic}", CITY, classes=2, day=-4)
        self._decide(row, -1, {one.id: Decision(Action.REFUSE, WORDS["refusals"][0]) for one in row.classes})

    def stored(self, topic: str) -> None:
        """Stored and right, and not handed in yet."""
        typed = self._typed(f"初中教师{topic}", COUNTY, 1)
        self._on(-1, lambda: declarations.declare(typed, actor=_acting("institution")))

    def half_typed(self, topic: str) -> None:
        """A draft nobody has finished."""
        typed = {"title": f"中小学教师{topic}", "credit_hours": "24", "goals": WORDS["goals"][0]}
        self._on(-1, lambda: declarations.keep_draft(typed, actor=_acting("institution")))

    # --- acts

    def _handed_in(self, title: str, region: str, *, classes: int, day: int) -> Programme:
        typed, actor = self._typed(title, region, classes), _acting("institution")
        plan = Upload(f"{title}方案.pdf", plan_pdf([f"{title}培训方案", typed["goals"], typed["contents"]]))
        row: Programme = self._on(day - 1, lambda: declarations.declare(typed, actor=actor, upload=plan))
        self._on(day, lambda: programmes.submit(row.id, actor=actor))
        return row

    def _decide(self, row: Programme, day: int, decisions: Mapping[int, Decision]) -> None:
        self._on(day, lambda: programme_review.review(row.id, decisions, actor=_acting("hangzhou")))

    def _on(self, day: int, act: Callable[[], Any]) -> Any:
        """Do it that many days beside the day of loading, as the clock stood then."""
        with frozen(datetime.combine(self.making.day + timedelta(days=day), time(9, 30), SHANGHAI)):
            return act()

    def _typed(self, title: str, region: str, classes: int) -> dict[str, Any]:
        return {
            "title": title, "kind": "elective", "batch": str(self.batch.id), "credit_hours": "16", "credits": "2",
            "goals": WORDS["goals"][1], "contents": WORDS["contents"][1], "outline": WORDS["outlines"][0],
            "assessment": WORDS["assessments"][0], "regions": [self.regions[region]],
            "lecturers": [{"name": name, "workplace": HOUSE, "position": post} for name, post in LECTURERS],
            "classes": [self._typed_class(number) for number in range(classes)],
        }  # fmt: skip

    def _typed_class(self, number: int) -> dict[str, Any]:
        last = self.batch.training_year.ends_on - timedelta(days=CLASS_DAYS)
        start = min(self.making.day + timedelta(days=CLASS_AFTER + 14 * number), last)
        start = max(start, self.batch.training_year.starts_on)
        days = [start + timedelta(days=day) for day in range(CLASS_DAYS)]
        sessions = [
            {"day": str(day), "starts_at": begins, "ends_at": ends, "topic": WORDS["sessions"][place],
             "lecturer": LECTURERS[number % 2][0]}
            for place, day in enumerate(days) for begins, ends in (MORNING, AFTERNOON)
        ]  # fmt: skip
        return {
            "starts_on": str(days[0]), "ends_on": str(days[-1]), "place": f"{HOUSE}研修楼",
            "planned_seats": "40", "fee": "0", "sessions": sessions,
        }  # fmt: skip


def _acting(username: str) -> Actor:
    return actor_of(db.session.scalars(select(Account).where(Account.username == username)).one())
