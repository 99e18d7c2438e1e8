"""The catalogue: which classes, what is told of each, and that a long list costs no more than a short one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from app.domain.terms import ClassState, EnrollmentState, ProgrammeKind
from app.models import FavouriteClass, PostCategory, Stage, Subject
from app.services import alternatives, catalogue, favourites
from app.services.catalogue import Order, Wanted
from tests.support.training import FIRST_DAY, new_class, new_classes, new_enrollment
from tests.world import World

pytestmark = [pytest.mark.req("ENR-1"), pytest.mark.usefixtures("clock")]


def titles(world: World, username: str = "teacher", **wanted: Any) -> list[str]:
    return [str(entry.row) for entry in catalogue.search(Wanted(**wanted), actor=world.actor(username)).entries]


def entry(world: World, row: Any, username: str = "teacher") -> catalogue.Entry:
    return catalogue.entry_of(row.id, actor=world.actor(username))[0]


def test_a_teacher_finds_the_offered_classes_aimed_at_the_region_of_the_school(db: Any, world: World) -> None:
    above = new_class(world, "全市研修", target_regions=[world.region["hangzhou"]])
    beside = new_class(world, "丽水研修", target_regions=[world.region["lishui"]])
    pending = new_class(world, "待审研修", state=ClassState.PENDING)
    found = titles(world)
    assert found == [str(above), "西湖区语文教学研修 #3", "西湖区语文教学研修 #1"]
    assert str(beside) not in found
    assert str(pending) not in found


@pytest.mark.parametrize("kind", ["stages", "post_categories"])
def test_stage_and_post_have_to_fit_and_none_named_means_all(db: Any, world: World, kind: str) -> None:
    own = {"stages": world.stage, "post_categories": PostCategory(code="P1", name="任课教师", position=1)}[kind]
    other = {"stages": Stage, "post_categories": PostCategory}[kind](code="X9", name="其他", position=9)
    if kind == "post_categories":
        world.teacher["zhang"].post_category = own
    fitting = new_class(world, "合适", **{kind: [own, other]})
    strange = new_class(world, "不合适", **{kind: [other]})
    assert str(fitting) in titles(world)
    assert str(strange) not in titles(world)
    assert [p.code for p in entry(world, strange).refusals] == [
        "stage_does_not_fit" if kind == "stages" else "post_does_not_fit"
    ]


def test_conditions_alone_and_combined(db: Any, world: World) -> None:
    maths = Subject(code="S02", name="数学", position=2)
    early = new_class(world, "数学早班", subjects=[maths], credit_hours=8, starts_on=FIRST_DAY)
    late = new_class(world, "数学晚班", subjects=[maths], credit_hours=30, starts_on=FIRST_DAY + timedelta(days=30))
    music = new_class(world, "音乐班", subjects=[world.subject], place="音乐厅", kind=ProgrammeKind.PROVINCIAL)
    db.session.flush()

    def only(**wanted: Any) -> set[str]:
        return set(titles(world, **wanted)) & {str(early), str(late), str(music)}

    assert only(words="数学") == {str(early), str(late)}
    assert only(words="音乐厅") == {str(music)}
    assert only(words="西溪") == {str(early), str(late), str(music)}
    assert only(place="音乐") == {str(music)}
    assert only(subject_id=maths.id) == {str(early), str(late)}
    assert only(kind=ProgrammeKind.PROVINCIAL) == {str(music)}
    assert only(starts_from=FIRST_DAY + timedelta(days=10)) == {str(late)}
    assert only(starts_until=date(2026, 6, 2), words="数学") == {str(early)}
    assert only(hours_from=20) == {str(late)}
    assert only(hours_until=10, subject_id=maths.id) == {str(early)}
    assert only(institution_id=world.institution["qingyuan"].id) == set()
    assert titles(world, order=Order.HOURS)[0] == str(late)
    assert titles(world, order=Order.STARTS)[-1] == str(late)
    assert titles(world, order=Order.NEWEST)[0] == str(music)


def test_free_seats_count_every_live_enrollment(db: Any, world: World) -> None:
    full = new_class(world, "满员", seats=1)
    mine = new_enrollment(world, world.teacher["li"], full)
    assert str(full) not in titles(world, free=True)
    assert str(full) in titles(world)
    assert titles(world, order=Order.SEATS)[-1] == str(full)
    mine.training_class = new_class(world, "另一班")
    db.session.flush()
    assert str(full) in titles(world, free=True)


def test_an_entry_tells_how_full_the_class_is_and_every_reason_against_it(db: Any, world: World) -> None:
    full = new_class(world, "热门", seats=1, credit_hours=80, starts_on=date(2026, 5, 11))
    for name in ("li", "wang"):
        new_enrollment(world, world.teacher[name], full)
    told = entry(world, full)
    assert (told.enrolled, told.draw_likely) == (2, True)
    assert [p.code for p in told.refusals] == ["hours_cap"]
    assert told.refusals[0].text.params == {"held": "24", "hours": "80", "cap": 90}
    assert [p.code for p in told.warnings] == ["time_clash", "draw_likely"]
    assert told.clash is not None


def test_it_is_read_before_the_window_opens_and_says_when_it_does(db: Any, world: World, clock: Any) -> None:
    clock.move(timedelta(days=-10))
    row = new_class(world, "早看")
    assert str(row) in titles(world)
    (reason,) = entry(world, row).refusals
    assert (reason.code, reason.text.params["moment"]) == ("window_closed", "2026-02-25 08:00")


def test_ones_own_enrollment_and_hours_stand_beside_it(db: Any, world: World) -> None:
    told = entry(world, world.training_class["xihu"])
    assert told.enrollment is not None
    assert told.enrollment.id == world.enrollment["xihu"].id
    assert [p.code for p in told.refusals] == ["already_enrolled"]
    gauge = catalogue.reader_of(world.actor("teacher")).gauge
    assert gauge is not None
    assert (gauge.held, gauge.cap, gauge.share) == (24, 90, 26)


def test_favourites_are_marked_once_and_filtered_by(db: Any, world: World) -> None:
    row, actor = new_class(world, "喜欢"), world.actor("teacher")
    favourites.mark(row.id, actor=actor)
    favourites.mark(row.id, actor=actor)
    assert set(titles(world, favourites=True)) == {str(row), "西湖区语文教学研修 #1"}
    assert entry(world, row).favourite
    favourites.unmark(row.id, actor=actor)
    assert titles(world, favourites=True) == ["西湖区语文教学研修 #1"]
    assert db.session.query(FavouriteClass).filter_by(teacher_id=world.teacher["chen"].id).count() == 1


@pytest.mark.req("ORG-6")
@pytest.mark.parametrize(
    ("username", "sees_ours", "sees_theirs"),
    [("county_admin", True, False), ("institution_admin", True, False), ("school_admin", True, False),
     ("provincial_admin", True, True), ("qingyuan_county", False, True), ("lishui_city", False, True)],
)  # fmt: skip
def test_anybody_else_sees_it_within_scope_and_without_reasons(
    db: Any, world: World, username: str, sees_ours: bool, sees_theirs: bool
) -> None:
    found = titles(world, username)
    assert ("西湖区语文教学研修 #1" in found, "庆元县语文教学研修 #1" in found) == (sees_ours, sees_theirs)
    page = catalogue.search(Wanted(), actor=world.actor(username))
    assert page.reader.gauge is None
    assert not any(entry.refusals or entry.warnings for entry in page.entries)


@pytest.mark.req("B10")
def test_a_long_catalogue_costs_the_queries_of_a_short_one(db: Any, world: World, count_queries: Any) -> None:
    maths = Subject(code="S02", name="数学", position=2)
    actor = world.actor("teacher")

    def cost(classes: int) -> int:
        for row in new_classes(world, classes, subjects=[maths], stages=[world.stage]):
            new_enrollment(world, world.teacher["li"], row)
        db.session.commit()
        db.session.expire_all()
        with count_queries() as sent:
            page = catalogue.search(Wanted(size=100), actor=actor)
            told = [
                (str(e.row.institution), [s.name for s in e.row.programme.subjects], e.refusals) for e in page.entries
            ]
        assert len(told) == page.count
        return len(sent)

    cost(1)  # reads what is remembered from then on
    few = cost(3)
    assert cost(27) == few


def test_pages_follow_one_another_and_a_page_too_far_is_the_last(db: Any, world: World) -> None:
    new_classes(world, 5)
    first, second = titles(world, size=4), titles(world, size=4, page=2)
    assert len(first) == 4
    assert not set(first) & set(second)
    assert titles(world, size=4, page=99) == second


@pytest.mark.req("ENR-13")
def test_look_alikes_are_open_fitting_and_the_closest_first(db: Any, world: World) -> None:
    maths = Subject(code="S02", name="数学", position=2)
    lost = new_class(world, "数学甲", subjects=[maths], state=ClassState.CANCELLED)
    alike = new_class(world, "数学乙", subjects=[maths])
    other = new_class(world, "语文丙", subjects=[world.subject])
    full = new_class(world, "数学满", subjects=[maths], seats=1)
    new_enrollment(world, world.teacher["li"], full)
    new_enrollment(world, world.teacher["zhang"], lost, EnrollmentState.CLASS_CANCELLED)
    reader = catalogue.reader_of(world.actor("teacher"))
    found = alternatives.look_alikes(alternatives.failed_classes(reader), reader, most=5)[lost.id]
    names = [str(one.row) for one in found]
    assert names[0] == str(alike)
    assert str(other) in names
    assert str(full) not in names  # no seat left
    assert "西湖区语文教学研修 #1" not in names  # chosen already
