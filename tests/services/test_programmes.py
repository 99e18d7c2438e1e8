"""Declaring, handing in, reviewing, adjusting, asking experts (PRG-2 to PRG-8)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from app.domain.clock import SHANGHAI
from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible
from app.domain.states import Action
from app.domain.terms import AccountStatus, Checkpoint, ClassState, ExpertReviewState, ProgrammeState
from app.models import (
    BatchWindow,
    DeclarationDraft,
    ExpertOpinion,
    InboxMessage,
    Lecturer,
    ParameterValue,
    PlanFile,
    Programme,
    RegionGrant,
    TrainingClass,
)
from app.services import declarations, programme_review, programmes
from app.services.declarations import Upload
from app.services.parameters import set_parameter
from app.services.programme_review import Decision
from app.services.transitions import history, history_of
from app.services.waiting import waiting_for
from tests.support.declarations import PLAN, typed, typed_class
from tests.world import World

APPROVE, REFUSE, RETURN = Action.APPROVE, Action.REFUSE, Action.RETURN
JANUARY = datetime(2026, 1, 12, 9, 0, tzinfo=SHANGHAI)  # declaration and review are open
INSTITUTION, BUREAU = "institution_admin", "county_admin"


@pytest.fixture(autouse=True)
def january(clock: Any) -> Any:
    """The clock, in the middle of the declaration window."""
    clock.set(JANUARY)
    return clock


def declared(world: World, **changes: Any) -> Programme:
    """A stored declaration of the institution at home."""
    return declarations.declare(typed(world, **changes), actor=world.actor(INSTITUTION), upload=PLAN)


def submitted(world: World, **changes: Any) -> Programme:
    """A declaration that waits for its bureau."""
    return programmes.submit(declared(world, **changes).id, actor=world.actor(INSTITUTION))


def decide(world: World, row: Programme, *decisions: Decision, by: str = BUREAU) -> Programme:
    """Let a bureau decide about the waiting classes in their order."""
    waiting = programmes.pending_classes(row)
    chosen = {one.id: decision for one, decision in zip(waiting, decisions, strict=True)}
    return programme_review.review(row.id, chosen, actor=world.actor(by))


def codes(refused: pytest.ExceptionInfo[Any]) -> set[str]:
    """The codes of an error's problems."""
    return {p.code for p in refused.value.problems}


# --- declaring


@pytest.mark.req("PRG-2", "PRG-3")
def test_a_declaration_is_stored_with_all_its_parts(db: Any, world: World) -> None:
    row = declared(world, credits="2.5")
    db.session.expire_all()
    [one] = row.classes
    assert row.credits == Decimal("2.5")
    assert (row.state, row.number, row.institution_id) == (ProgrammeState.DRAFT, None, world.institution["xihu"].id)
    assert (row.training_year, row.batch) == (world.year, world.batch)
    assert [r.name for r in row.target_regions] == ["西湖区"]
    assert [(s.topic, s.lecturer.name) for s in one.sessions] == [("教材解读", "方晓华")]
    assert (one.number, one.seats, one.planned_seats, one.taken, one.state) == (1, 40, 40, 0, ClassState.DRAFT)
    assert (row.plan_files[0].name, row.plan_files[0].revision, row.plan_files[0].content) == (
        "方案.pdf",
        1,
        PLAN.content,
    )
    assert [entry.action for entry in history(row)] == [Action.DECLARE]


@pytest.mark.req("PRG-2")
def test_a_class_carries_copies_of_its_programme(db: Any, world: World) -> None:
    row = declared(world)
    changed = declarations.declare(
        {**declarations.typed_of(row), "title": "新名称", "credit_hours": "30"},
        actor=world.actor(INSTITUTION), programme_id=row.id,
    )  # fmt: skip
    [one] = changed.classes
    copies = (one.title, one.credit_hours, one.kind, one.institution_id, one.batch_id, one.training_year_id)
    own = (changed.title, changed.credit_hours, changed.kind, changed.institution_id, changed.batch_id)
    assert copies == (*own, changed.training_year_id)


@pytest.mark.req("PRG-2")
def test_everything_wrong_comes_at_once_and_nothing_is_stored(db: Any, world: World) -> None:
    before = db.session.scalar(select(func.count()).select_from(Programme))
    wrong = typed(world, "qingyuan", title="", batch="", classes=[typed_class(planned_seats="0")])
    with pytest.raises(Invalid) as refused:
        declarations.declare(wrong, actor=world.actor(INSTITUTION), upload=Upload("a.pdf", b"MZ"))
    fields = {p.field for p in refused.value.problems}
    assert {"title", "batch", "regions", "classes-0-planned_seats", "plan_file"} <= fields
    assert db.session.scalar(select(func.count()).select_from(Programme)) == before
    assert not db.session.scalars(select(Lecturer).where(Lecturer.name == "方晓华")).all()


@pytest.mark.req("PRG-2", "ORG-4")
def test_grants_count_as_they_stand_today(db: Any, world: World) -> None:
    grant = world.grant["xihu"]
    grant.valid_to = date(2026, 1, 11)
    db.session.commit()
    with pytest.raises(Invalid) as refused:
        declared(world)
    assert codes(refused) == {"region_not_granted"}
    grant.valid_to = date(2026, 1, 12)
    db.session.commit()
    assert declared(world).id


@pytest.mark.req("PRG-2", "P7")
def test_four_classes_and_no_fifth_unless_the_parameter_or_the_bureau_allows_it(db: Any, world: World) -> None:
    five = [typed_class(sessions=[])] * 5
    with pytest.raises(Invalid) as refused:
        declared(world, classes=five)
    assert codes(refused) == {"too_many_classes"}
    db.session.add(ParameterValue(name="max_classes_per_programme", training_year_id=world.year.id, value="5"))
    db.session.commit()
    assert [one.number for one in declared(world, classes=five).classes] == [1, 2, 3, 4, 5]


@pytest.mark.req("PRG-3")
def test_a_new_file_is_a_new_version_and_the_same_one_is_not(world: World) -> None:
    row, actor = declared(world), world.actor(INSTITUTION)
    again = declarations.declare(declarations.typed_of(row), actor=actor, programme_id=row.id, upload=PLAN)
    assert [file.revision for file in again.plan_files] == [1]
    other = Upload("新方案.pdf", PLAN.content.replace(b"Catalog", b"Katalog"))
    again = declarations.declare(declarations.typed_of(row), actor=actor, programme_id=row.id, upload=other)
    assert [(file.revision, file.name) for file in again.plan_files] == [(2, "新方案.pdf"), (1, "方案.pdf")]


@pytest.mark.req("PRG-2", "ORG-6")
def test_nobody_declares_for_another_institution(world: World) -> None:
    row = declared(world)
    for username, error in (("qingyuan_institution", NotVisible), (BUREAU, NotPermitted), ("teacher", NotPermitted)):
        with pytest.raises(error):
            declarations.declare(typed(world), actor=world.actor(username), programme_id=row.id)


@pytest.mark.req("PRG-2", "ACC-9")
def test_two_tabs_do_not_overwrite_each_other(db: Any, world: World) -> None:
    row, actor = declared(world), world.actor(INSTITUTION)
    seen = row.version
    changed = {**declarations.typed_of(row), "title": "第一个窗口"}
    declarations.declare(changed, actor=actor, programme_id=row.id, expected_version=seen)
    with pytest.raises(Conflict):
        declarations.declare(changed, actor=actor, programme_id=row.id, expected_version=seen)


# --- drafts and copies


@pytest.mark.req("PRG-2")
def test_a_draft_keeps_whatever_was_typed_and_the_file(db: Any, world: World) -> None:
    actor = world.actor(INSTITUTION)
    draft = declarations.keep_draft({"title": "半成品", "classes": [{"starts_on": "?"}]}, actor=actor, upload=PLAN)
    db.session.expire_all()
    assert (draft.title, draft.payload["classes"][0]["starts_on"]) == ("半成品", "?")
    assert (draft.file_name, draft.file_content) == ("方案.pdf", PLAN.content)
    row = declarations.declare(typed(world), actor=actor, draft_id=draft.id, plan_file_needed=True)
    assert (row.plan_files[0].name, db.session.get(DeclarationDraft, draft.id)) == ("方案.pdf", None)


@pytest.mark.req("PRG-2", "ORG-6")
def test_a_draft_is_its_institution_s_alone(world: World) -> None:
    draft = declarations.keep_draft({"title": "半成品"}, actor=world.actor(INSTITUTION))
    with pytest.raises(NotVisible):
        declarations.keep_draft({}, actor=world.actor("qingyuan_institution"), draft_id=draft.id)
    with pytest.raises(NotVisible):
        declarations.discard_draft(draft.id, actor=world.actor("qingyuan_institution"))
    declarations.discard_draft(draft.id, actor=world.actor("institution_operator"))


@pytest.mark.req("PRG-8")
def test_a_copy_is_a_draft_without_days_that_remembers_where_it_came_from(world: World) -> None:
    actor, source = world.actor(INSTITUTION), world.programme["xihu"]
    draft = declarations.copy_as_draft(source.id, actor=actor)
    assert (draft.title, draft.payload["batch"], len(draft.payload["classes"])) == (source.title, "", 3)
    assert {one["starts_on"] for one in draft.payload["classes"]} == {""}
    filled = {**draft.payload, "batch": str(world.batch.id), "classes": [typed_class(sessions=[])]}
    row = declarations.declare(filled, actor=actor, draft_id=draft.id, upload=PLAN)
    assert (row.copied_from, row.id != source.id, row.goals) == (source, True, source.goals)
    with pytest.raises(NotVisible):
        declarations.copy_as_draft(world.programme["qingyuan"].id, actor=actor)


# --- handing in


@pytest.mark.req("PRG-2", "PRG-4", "PUB-3")
def test_handing_in_stamps_the_number_finds_the_bureau_and_tells_it(db: Any, world: World) -> None:
    first, second = submitted(world), submitted(world, title="第二个项目")
    assert (first.number, second.number) == ("20260100001", "20260100002")
    assert (first.state, first.review_bureau.name, first.submitted_at) == (
        ProgrammeState.SUBMITTED, "西湖区教育局", JANUARY,
    )  # fmt: skip
    assert [one.state for one in first.classes] == [ClassState.PENDING]
    told = select(InboxMessage).where(
        InboxMessage.account_id == world.account[BUREAU].id, InboxMessage.page_values.is_not(None)
    )
    assert {first.id, second.id} <= {m.page_values.get("pk") for m in db.session.scalars(told)}


@pytest.mark.req("PRG-4")
@pytest.mark.parametrize(
    ("regions", "bureau"),
    [(("xihu",), "西湖区教育局"), (("hangzhou",), "杭州市教育局"), (("xihu", "hangzhou"), "杭州市教育局"),
     (("xihu", "qingyuan"), "省教育厅")],
)  # fmt: skip
def test_the_lowest_common_superior_reviews(db: Any, world: World, regions: tuple[str, ...], bureau: str) -> None:
    db.session.add(
        RegionGrant(institution=world.institution["xihu"], region=world.region["province"], valid_from=date(2026, 1, 1))
    )
    db.session.commit()
    chosen = {"regions": [str(world.region[name].id) for name in regions]}
    assert submitted(world, **chosen).review_bureau.name == bureau


@pytest.mark.req("PRG-4")
def test_a_bureau_without_an_account_that_can_review_passes_on_to_its_superior(db: Any, world: World) -> None:
    world.account[BUREAU].status = AccountStatus.DISABLED
    db.session.commit()
    assert submitted(world).review_bureau.name == "杭州市教育局"


@pytest.mark.req("PRG-2", "ORG-4")
def test_a_grant_revoked_after_storing_is_noticed_when_handing_in(db: Any, world: World, january: Any) -> None:
    row = declared(world)
    world.grant["xihu"].revoked_at = JANUARY
    db.session.commit()
    with pytest.raises(Invalid) as refused:
        programmes.submit(row.id, actor=world.actor(INSTITUTION))
    assert codes(refused) == {"region_not_granted"}
    assert (row.state, row.number) == (ProgrammeState.DRAFT, None)


@pytest.mark.req("PRG-3")
def test_without_a_plan_file_nothing_is_handed_in(world: World) -> None:
    row = declarations.declare(typed(world), actor=world.actor(INSTITUTION))
    with pytest.raises(Invalid) as refused:
        programmes.submit(row.id, actor=world.actor(INSTITUTION))
    assert codes(refused) == {"plan_file_missing"}


def window(db: Any, world: World, kind: str) -> BatchWindow:
    """The window of the world's batch."""
    return db.session.scalar(
        select(BatchWindow).where(BatchWindow.batch_id == world.batch.id, BatchWindow.kind == kind)
    )


@pytest.mark.req("PRG-1", "PRG-2")
def test_the_declaration_window_opens_and_closes_to_the_second(db: Any, world: World, january: Any) -> None:
    row, actor, span = declared(world), world.actor(INSTITUTION), window(db, world, "declaration")
    for moment, code in (
        (span.opens_at - timedelta(seconds=1), "window_not_open"),
        (span.closes_at + timedelta(seconds=1), "window_closed"),
    ):
        january.set(moment)
        with pytest.raises(Conflict) as refused:
            programmes.submit(row.id, actor=actor)
        assert codes(refused) == {code}
    for moment in (span.opens_at, span.closes_at, span.closes_at + timedelta(microseconds=999_999)):
        january.set(moment)
        programmes.submit(row.id, actor=actor)
        programmes.take_back(row.id, actor=actor)


@pytest.mark.req("PRG-1", "PRG-5")
def test_the_review_window_opens_and_closes_to_the_second(db: Any, world: World, january: Any) -> None:
    row, span = submitted(world, classes=[typed_class(), typed_class(sessions=[])]), window(db, world, "review")
    first, second = row.classes
    january.set(span.closes_at + timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        programme_review.review(row.id, {first.id: Decision(APPROVE)}, actor=world.actor(BUREAU))
    assert codes(refused) == {"window_closed"}
    january.set(span.closes_at)
    programme_review.review(row.id, {first.id: Decision(APPROVE)}, actor=world.actor(BUREAU))
    january.set(span.opens_at - timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        programme_review.review(row.id, {second.id: Decision(APPROVE)}, actor=world.actor(BUREAU))
    assert codes(refused) == {"window_not_open"}


@pytest.mark.req("PRG-7")
def test_what_was_handed_in_is_taken_back_until_a_class_is_decided(world: World) -> None:
    row, actor = submitted(world), world.actor(INSTITUTION)
    with pytest.raises(Conflict):
        declarations.declare(declarations.typed_of(row), actor=actor, programme_id=row.id)
    programmes.take_back(row.id, actor=actor)
    assert (row.state, row.classes[0].state) == (ProgrammeState.WITHDRAWN, ClassState.DRAFT)
    two = submitted(world, classes=[typed_class(), typed_class(sessions=[])])
    programme_review.review(two.id, {two.classes[0].id: Decision(APPROVE)}, actor=world.actor(BUREAU))
    with pytest.raises(Invalid) as refused:
        programmes.take_back(two.id, actor=actor)
    assert codes(refused) == {"review_begun"}


# --- reviewing


@pytest.mark.req("PRG-5", "PRG-8", "PUB-3")
def test_each_class_is_decided_by_itself_and_the_programme_follows(db: Any, world: World) -> None:
    row = submitted(world, classes=[typed_class(), typed_class(sessions=[])])
    first, second = row.classes
    actor = world.actor(BUREAU)
    programme_review.review(row.id, {first.id: Decision(APPROVE, checkpoint=Checkpoint.COUNTY)}, actor=actor)
    assert (row.state, first.state, first.checkpoint) == (
        ProgrammeState.SUBMITTED,
        ClassState.OFFERED,
        Checkpoint.COUNTY,
    )
    programme_review.review(row.id, {second.id: Decision(REFUSE, "场地不足")}, actor=actor)
    assert (row.state, second.state) == (ProgrammeState.APPROVED, ClassState.REFUSED)
    assert [(e.action, e.reason) for e in history(second)][-1] == (REFUSE, "场地不足")
    owner = select(InboxMessage.page_values).where(InboxMessage.account_id == world.account[INSTITUTION].id)
    assert {"pk": row.id} in db.session.scalars(owner).all()


@pytest.mark.req("PRG-5")
@pytest.mark.parametrize(
    ("actions", "state"),
    [((APPROVE, APPROVE), "approved"), ((REFUSE, REFUSE), "rejected"), ((APPROVE, REFUSE), "approved"),
     ((APPROVE, RETURN), "returned"), ((REFUSE, RETURN), "returned")],
)  # fmt: skip
def test_the_state_of_the_programme_follows_from_its_classes(
    world: World, actions: tuple[Action, ...], state: str
) -> None:
    row = submitted(world, classes=[typed_class(), typed_class(sessions=[])])
    decide(world, row, *(Decision(action, "理由") for action in actions))
    assert row.state == state


@pytest.mark.req("PRG-5")
def test_refusing_and_returning_need_a_reason_each_at_its_class(world: World) -> None:
    row = submitted(world, classes=[typed_class(), typed_class(sessions=[])])
    with pytest.raises(Invalid) as refused:
        decide(world, row, Decision(REFUSE, " "), Decision(RETURN))
    assert {p.field for p in refused.value.problems} == {f"classes-{one.id}-reason" for one in row.classes}
    assert {one.state for one in row.classes} == {ClassState.PENDING}


@pytest.mark.req("PRG-5", "ORG-6")
def test_only_the_routed_bureau_and_those_above_it_decide(world: World) -> None:
    row = submitted(world)
    for username, error in (
        ("qingyuan_county", NotVisible), ("lishui_city", NotVisible), (INSTITUTION, NotPermitted),
        ("teacher", NotPermitted), ("expert_reviewer", NotPermitted),
    ):  # fmt: skip
        with pytest.raises(error):
            decide(world, row, Decision(APPROVE), by=username)
    decide(world, row, Decision(APPROVE), by="city_admin")
    assert row.state == ProgrammeState.APPROVED


@pytest.mark.req("PRG-5")
def test_a_second_reviewer_on_the_same_class_is_told_that_it_is_decided(world: World) -> None:
    row = submitted(world, classes=[typed_class(), typed_class(sessions=[])])
    one = row.classes[0]
    programme_review.review(row.id, {one.id: Decision(APPROVE)}, actor=world.actor(BUREAU))
    with pytest.raises(Conflict):
        programme_review.review(row.id, {one.id: Decision(REFUSE, "晚了")}, actor=world.actor("city_admin"))
    assert one.state == ClassState.OFFERED


@pytest.mark.req("PRG-7", "PUB-3")
def test_refused_then_changed_and_handed_in_again_with_its_whole_history(world: World) -> None:
    row, actor = submitted(world), world.actor(INSTITUTION)
    number = row.number
    decide(world, row, Decision(REFUSE, "目标不具体"))
    assert row.state == ProgrammeState.REJECTED
    changed = {**declarations.typed_of(row), "goals": "能独立设计单元教学"}
    declarations.declare(changed, actor=actor, programme_id=row.id)
    programmes.submit(row.id, actor=actor)
    decide(world, row, Decision(APPROVE))
    assert (row.state, row.number) == (ProgrammeState.APPROVED, number)
    ledger = history(row)
    assert [e.action for e in ledger] == ["declare", "submit", "reject", "submit", "approve"]
    assert [e.details["declaration"]["goals"] for e in ledger if e.action == "submit"] == [
        "提升课堂教学能力", "能独立设计单元教学",
    ]  # fmt: skip
    assert [e.reason for e in ledger if e.action == "reject"] == ["目标不具体"]


@pytest.mark.req("PRG-7")
def test_a_returned_declaration_is_handed_in_again_while_reviews_go_on(world: World, january: Any) -> None:
    row = submitted(world)
    decide(world, row, Decision(RETURN, "补充课程表"))
    january.set(datetime(2026, 2, 10, 9, 0, tzinfo=SHANGHAI))  # declaring is over, reviewing is not
    programmes.submit(row.id, actor=world.actor(INSTITUTION))
    assert row.state == ProgrammeState.SUBMITTED
    fresh = declared(world, title="迟到的项目")
    with pytest.raises(Conflict):
        programmes.submit(fresh.id, actor=world.actor(INSTITUTION))


@pytest.mark.req("PRG-7")
def test_a_refused_class_of_an_approved_programme_comes_again_and_the_rest_stays(world: World) -> None:
    row, actor = submitted(world, classes=[typed_class(), typed_class(sessions=[])]), world.actor(INSTITUTION)
    first, second = row.classes
    decide(world, row, Decision(APPROVE), Decision(REFUSE, "时间冲突"))
    again = {**declarations.typed_of(row), "classes": [
        typed_class(id=str(second.id), planned_seats="30", sessions=[])]}  # fmt: skip
    with pytest.raises(Invalid) as refused:
        declarations.declare({**again, "title": "想改名"}, actor=actor, programme_id=row.id)
    assert {(p.field, p.code) for p in refused.value.problems} == {("title", "upper_part_settled")}
    declarations.declare(again, actor=actor, programme_id=row.id)
    programmes.submit(row.id, actor=actor)
    assert (row.title, first.state, second.state, second.planned_seats) == (
        "小学数学教学研修", ClassState.OFFERED, ClassState.PENDING, 30,
    )  # fmt: skip
    decide(world, row, Decision(APPROVE))
    assert (row.state, second.state) == (ProgrammeState.APPROVED, ClassState.OFFERED)
    with pytest.raises(Conflict):
        declarations.declare(again, actor=actor, programme_id=row.id)


@pytest.mark.req("PRG-7")
def test_a_returned_programme_with_an_approved_class_loses_nothing_silently(world: World) -> None:
    row, actor = submitted(world, classes=[typed_class(), typed_class(sessions=[])]), world.actor(INSTITUTION)
    second = row.classes[1]
    decide(world, row, Decision(APPROVE), Decision(RETURN, "补充课程表"))
    session = typed_class()["sessions"][0] | {"day": "2026-05-12"}
    mended = [typed_class(id=str(second.id), sessions=[session])]
    changed = {"credit_hours": "30", "regions": [], "lecturers": [{"name": "新教师"}], "classes": [
        typed_class(id=str(second.id), sessions=[session | {"lecturer": "新教师"}])]}  # fmt: skip
    with pytest.raises(Invalid) as refused:
        declarations.declare(declarations.typed_of(row) | changed, actor=actor, programme_id=row.id)
    assert {p.field for p in refused.value.problems} == {"credit_hours", "regions", "lecturers-0-name"}
    declarations.declare(declarations.typed_of(row) | {"classes": mended}, actor=actor, programme_id=row.id)
    programmes.submit(row.id, actor=actor)
    decide(world, row, Decision(APPROVE))
    assert (row.state, [s.lecturer.name for s in second.sessions]) == (ProgrammeState.APPROVED, ["方晓华"])


@pytest.mark.req("PRG-2", "PRG-7", "P7")
def test_approved_classes_count_when_more_are_declared(world: World) -> None:
    row, actor = submitted(world, classes=[typed_class(sessions=[])] * 4), world.actor(INSTITUTION)
    decide(world, row, *[Decision(APPROVE)] * 3, Decision(REFUSE, "时间冲突"))
    mended = typed_class(id=str(row.classes[3].id), sessions=[])
    more = {**declarations.typed_of(row), "classes": [mended, *[typed_class(sessions=[])] * 3]}
    with pytest.raises(Invalid) as refused:
        declarations.declare(more, actor=actor, programme_id=row.id)
    assert [(p.code, p.text.params) for p in refused.value.problems] == [
        ("too_many_classes", {"allowed": 4, "count": 7})
    ]  # fmt: skip
    declarations.declare({**more, "classes": [mended]}, actor=actor, programme_id=row.id)
    assert len(row.classes) == 4


@pytest.mark.req("PRG-5")
def test_many_are_approved_at_once_and_what_cannot_be_is_named(world: World) -> None:
    rows = [submitted(world, title=f"项目{n}") for n in range(3)]
    decide(world, rows[1], Decision(REFUSE, "重复"))
    done, refused = programme_review.approve_many(
        [row.id for row in rows], actor=world.actor(BUREAU), checkpoint=Checkpoint.CITY
    )
    assert ([row.title for row in done], [row.state for row in rows]) == (
        ["项目0", "项目2"], ["approved", "rejected", "approved"],
    )  # fmt: skip
    assert [p.text.params["title"] for p in refused] == ["项目1"]
    assert rows[0].classes[0].checkpoint == Checkpoint.CITY
    with pytest.raises(NotVisible):
        programme_review.approve_many([rows[0].id], actor=world.actor("qingyuan_county"))


@pytest.mark.req("P25", "PRG-5")
def test_new_classes_begin_with_the_checkpoint_of_the_year_until_the_reviewer_says_else(world: World) -> None:
    province, year = world.actor("provincial_admin"), world.year.id
    set_parameter("checkpoint_default", Checkpoint.CITY.value, actor=province, training_year_id=year)
    row = submitted(world, classes=[typed_class(), typed_class(sessions=[])])
    assert [one.checkpoint for one in row.classes] == [Checkpoint.CITY, Checkpoint.CITY]
    decide(world, row, Decision(APPROVE), Decision(APPROVE, checkpoint=Checkpoint.NONE))
    assert [one.checkpoint for one in row.classes] == [Checkpoint.CITY, Checkpoint.NONE]
    plain = submitted(world, title="另一个", classes=[typed_class(sessions=[])])
    programme_review.approve_many([plain.id], actor=world.actor(BUREAU))
    assert plain.classes[0].checkpoint == Checkpoint.CITY


# --- adjusting


@pytest.mark.req("PRG-5", "OPS-2", "PUB-3")
def test_an_adjustment_is_written_down_and_shown_to_the_institution(db: Any, world: World) -> None:
    row = submitted(world)
    one, actor = row.classes[0], world.actor(BUREAU)
    values, seats = {"title": row.title, "credit_hours": 20}, {"planned_seats": 30, "checkpoint": Checkpoint.CITY}
    programme_review.adjust(row.id, values, {one.id: seats}, reason="学时偏多", actor=actor)
    db.session.expire_all()
    assert (row.credit_hours, one.credit_hours, one.planned_seats, one.seats, one.checkpoint) == (
        20,
        20,
        30,
        30,
        "city",
    )
    last = history(row)[-1]
    assert (last.action, last.reason, last.details) == ("adjust", "学时偏多", {"changes": {"credit_hours": [24, 20]}})
    changes = history_of(TrainingClass, [one.id])[one.id][-1].details["changes"]
    assert changes == {"planned_seats": [40, 30], "checkpoint": ["none", "city"], "seats": [40, 30]}
    told = select(InboxMessage.msgid).where(InboxMessage.account_id == world.account[INSTITUTION].id)
    assert "adjusted" in " ".join(db.session.scalars(told))


@pytest.mark.req("PRG-5")
def test_an_adjustment_keeps_the_rules_and_needs_a_reason(world: World) -> None:
    row = submitted(world)
    one, actor = row.classes[0], world.actor(BUREAU)
    wrong = {one.id: {"planned_seats": 0, "ends_on": date(2026, 5, 1), "place": " "}}
    with pytest.raises(Invalid) as refused:
        programme_review.adjust(
            row.id, {"credit_hours": 0, "title": "", "classes_allowed": 0}, wrong, reason="", actor=actor
        )
    at = f"classes-{one.id}-"
    assert {p.field for p in refused.value.problems} >= {
        "reason", "credit_hours", "title", "classes_allowed", at + "planned_seats", at + "ends_on", at + "place",
    }  # fmt: skip
    with pytest.raises(NotPermitted):
        programme_review.adjust(row.id, {}, {}, reason="x", actor=world.actor(INSTITUTION))


@pytest.mark.req("PRG-5", "PRG-2")
def test_an_adjusted_class_still_begins_in_its_training_year(world: World) -> None:
    row = submitted(world, classes=[typed_class(sessions=[])])
    one, actor = row.classes[0], world.actor(BUREAU)
    days = {"starts_on": date(2027, 1, 4), "ends_on": date(2027, 1, 6)}
    with pytest.raises(Invalid) as refused:
        programme_review.adjust(row.id, {}, {one.id: days}, reason="改期", actor=actor)
    assert [(p.code, p.field) for p in refused.value.problems] == [("outside_the_year", f"classes-{one.id}-starts_on")]
    in_time = {"starts_on": date(2026, 12, 31), "ends_on": date(2027, 1, 2)}
    programme_review.adjust(row.id, {}, {one.id: in_time}, reason="改期", actor=actor)
    assert one.starts_on == date(2026, 12, 31)


@pytest.mark.req("PRG-5")
def test_the_bureau_allows_one_programme_more_classes(world: World) -> None:
    row, actor = submitted(world), world.actor(BUREAU)
    programme_review.adjust(row.id, {"classes_allowed": 5}, {}, reason="名额紧张", actor=actor)
    decide(world, row, Decision(RETURN, "可增至五个班"))
    five = {**declarations.typed_of(row), "classes": [typed_class(sessions=[])] * 5}
    changed = declarations.declare(five, actor=world.actor(INSTITUTION), programme_id=row.id)
    assert len(changed.classes) == 5


# --- experts


@pytest.mark.req("PRG-6", "PUB-3")
def test_an_expert_is_asked_answers_once_and_the_bureau_is_told(db: Any, world: World) -> None:
    row, expert = submitted(world), world.account["expert_reviewer"]
    [opinion] = programme_review.ask_experts(row.id, [expert.id], actor=world.actor(BUREAU))
    assert not programme_review.ask_experts(row.id, [expert.id], actor=world.actor(BUREAU))
    programme_review.give_opinion(opinion.id, score=86, comment="目标清晰", actor=world.actor("expert_reviewer"))
    assert (opinion.state, opinion.score, opinion.comment, opinion.answered_at) == (
        ExpertReviewState.GIVEN, 86, "目标清晰", JANUARY,
    )  # fmt: skip
    with pytest.raises(Conflict):
        programme_review.give_opinion(opinion.id, score=10, comment="改主意", actor=world.actor("expert_reviewer"))
    told = [m.account_id for m in db.session.scalars(select(InboxMessage).order_by(InboxMessage.id))]
    assert {expert.id, world.account[BUREAU].id} <= set(told)
    assert row.state == ProgrammeState.SUBMITTED  # the bureau decides


@pytest.mark.req("PUB-2", "PRG-5", "ORG-6")
def test_the_workbench_counts_what_waits_for_each_side(db: Any, world: World) -> None:
    def waits(username: str, endpoint: str) -> int:
        found = {item.endpoint: item.count for item in waiting_for(world.actor(username))}
        return found.get(endpoint, 0)

    before = waits(INSTITUTION, "DeclarationPage.index"), waits("expert_reviewer", "OpinionPage.index")
    row = submitted(world)
    programme_review.ask_experts(row.id, [world.account["expert_reviewer"].id], actor=world.actor(BUREAU))
    assert waits(BUREAU, "ReviewPage.index") == 1
    assert waits("qingyuan_county", "ReviewPage.index") == 0
    assert waits("expert_reviewer", "OpinionPage.index") == before[1] + 1
    decide(world, row, Decision(RETURN, "补充考核办法"))
    assert waits(BUREAU, "ReviewPage.index") == 0
    assert waits(INSTITUTION, "DeclarationPage.index") == before[0] + 1


@pytest.mark.req("PRG-6", "ORG-6")
def test_an_opinion_is_the_asked_expert_s_and_unknown_to_the_institution(world: World) -> None:
    row, expert = submitted(world), world.account["expert_reviewer"]
    [opinion] = programme_review.ask_experts(row.id, [expert.id], actor=world.actor(BUREAU))
    for username in (BUREAU, INSTITUTION, "teacher"):
        with pytest.raises((NotPermitted, NotVisible)):
            programme_review.give_opinion(opinion.id, score=50, comment="x", actor=world.actor(username))
    with pytest.raises(Invalid) as refused:
        programme_review.give_opinion(opinion.id, score=101, comment=" ", actor=world.actor("expert_reviewer"))
    assert {p.field for p in refused.value.problems} == {"score", "comment"}
    programme_review.decline_opinion(opinion.id, actor=world.actor("expert_reviewer"))
    assert opinion.state == ExpertReviewState.DECLINED


@pytest.mark.req("PRG-6")
@pytest.mark.parametrize("chosen", [[], ["teacher"]])
def test_only_experts_are_asked(world: World, chosen: list[str]) -> None:
    row = submitted(world)
    with pytest.raises(Invalid):
        programme_review.ask_experts(row.id, [world.account[n].id for n in chosen], actor=world.actor(BUREAU))
    assert not [o for o in row.opinions if isinstance(o, ExpertOpinion)]


@pytest.mark.req("PRG-3", "ORG-6")
def test_the_plan_file_is_seen_by_whom_the_class_is_offered_to_and_by_nobody_else(world: World) -> None:
    from app.services import plan_files

    row = submitted(world)
    file: PlanFile = row.plan_files[0]
    for username in ("teacher", "school_admin", "qingyuan_county", "qingyuan_institution"):
        with pytest.raises(NotVisible):
            plan_files.fetch(file.id, actor=world.actor(username))
    decide(world, row, Decision(APPROVE))
    for username in ("teacher", "school_admin", BUREAU, "city_admin", INSTITUTION):
        assert plan_files.fetch(file.id, actor=world.actor(username)).sha256 == file.sha256
    for username in ("qingyuan_teacher", "qingyuan_county"):
        with pytest.raises(NotVisible):
            plan_files.fetch(file.id, actor=world.actor(username))
