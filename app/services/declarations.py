"""Writing declarations: drafts that lose nothing, and the programme once it meets the rules (PRG-2, PRG-7, PRG-8).

What was typed travels as one tree of texts (`app/domain/declaration_input.py`). `keep_draft` stores it as it is;
`declare` reads it, asks every rule at once and stores the programme with its classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.domain.declaration import (
    OPEN_CLASSES,
    ClassPart,
    Declaration,
    Frame,
    declaration_problems,
)
from app.domain.declaration_input import cleaned, read_declaration
from app.domain.errors import Conflict, Invalid, NotPermitted, NotVisible, Problem, Problems, problem
from app.domain.plan_files import LONGEST_NAME, safe_name
from app.domain.states import Action
from app.domain.terms import AuditAction, ProgrammeState
from app.domain.text import N_
from app.extensions import db
from app.models import (
    Batch,
    ClassSession,
    DeclarationDraft,
    Lecturer,
    PostCategory,
    Programme,
    Region,
    Stage,
    Subject,
    TrainingClass,
)
from app.security.actor import Actor
from app.security.scope import fetch_manageable, fetch_visible
from app.services import audit, plan_files
from app.services.grants import coverage
from app.services.parameters import policy_of
from app.services.programme_facts import limit_of, locked_programme, upper_settled, year_of
from app.services.transitions import begun
from app.services.unit import changed_meanwhile, transaction

# States in which the institution may change what it declared.
OPEN_STATES = (ProgrammeState.DRAFT, ProgrammeState.REJECTED, ProgrammeState.RETURNED, ProgrammeState.WITHDRAWN)
LISTS: dict[str, tuple[str, type[Any]]] = {
    "stages": ("stage_ids", Stage),
    "post_categories": ("post_category_ids", PostCategory),
    "subjects": ("subject_ids", Subject),
    "target_regions": ("region_ids", Region),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: the name it had, and its bytes."""

    name: str
    content: bytes


def keep_draft(
    typed: Mapping[str, Any],
    *,
    actor: Actor,
    draft_id: int | None = None,
    programme_id: int | None = None,
    upload: Upload | None = None,
) -> DeclarationDraft:
    """Store what was typed, however incomplete, and the file chosen for it; nothing is checked yet."""
    actor.require("declare", "Programme")
    with transaction():
        draft = _draft(draft_id, programme_id, actor)
        draft.payload = cleaned(typed)
        draft.title = str(typed.get("title") or "").strip()[:100]
        draft.account_id = actor.account_id
        if upload is not None:
            draft.file_name, draft.file_content = safe_name(upload.name)[-LONGEST_NAME:], upload.content
        db.session.flush()
    return draft


def _draft(draft_id: int | None, programme_id: int | None, actor: Actor) -> DeclarationDraft:
    if draft_id is not None:
        return fetch_manageable(DeclarationDraft, draft_id, actor=actor)
    if actor.institution_id is None:
        raise NotPermitted
    if programme_id is not None:
        programme = editable(programme_id, actor=actor)
        stored: DeclarationDraft | None = db.session.scalar(
            select(DeclarationDraft).where(DeclarationDraft.programme_id == programme.id)
        )
        if stored is not None:
            return stored
    made = DeclarationDraft(institution_id=actor.institution_id, programme_id=programme_id)
    db.session.add(made)
    return made


def discard_draft(draft_id: int, *, actor: Actor) -> None:
    """Throw a draft away; a stored declaration it belongs to stays as it was."""
    actor.require("declare", "Programme")
    with transaction():
        db.session.delete(fetch_manageable(DeclarationDraft, draft_id, actor=actor))


def editable(programme_id: int, *, actor: Actor) -> Programme:
    """Return a programme of the actor's institution that may be changed now. Raises Conflict with its state."""
    return _editable(fetch_manageable(Programme, programme_id, actor=actor), actor)


def _editable(programme: Programme, actor: Actor) -> Programme:
    if programme.institution_id != actor.institution_id and not actor.everything:
        raise NotPermitted
    if programme.state in OPEN_STATES or has_class_to_mend(programme):
        return programme
    text = N_("This programme is “%(state)s” and cannot be changed now.")
    raise Conflict(problem("programme_settled", text, state=programme.state))


def has_class_to_mend(programme: Programme) -> bool:
    """Tell whether an approved programme has a class that was refused or added and can be submitted again (PRG-7)."""
    approved = programme.state == ProgrammeState.APPROVED
    return approved and any(one.state in OPEN_CLASSES for one in programme.classes)


def declare(
    typed: Mapping[str, Any],
    *,
    actor: Actor,
    programme_id: int | None = None,
    expected_version: int | None = None,
    draft_id: int | None = None,
    upload: Upload | None = None,
    plan_file_needed: bool = False,
) -> Programme:
    """Store a declaration that meets every rule as a programme with its classes, and its draft is done with.

    `upload` is the plan file; without one, that of the draft. A sheet or a program may bring the file later;
    `plan_file_needed` asks for it now. Once a class is approved the upper part has to come as it is stored. Raises
    Invalid with all problems at once, Conflict when the programme is settled or somebody changed it meanwhile.
    """
    actor.require("declare", "Programme")
    with transaction():
        programme = _editable(locked_programme(programme_id, actor=actor), actor) if programme_id is not None else None
        if programme is not None and expected_version not in (None, programme.version):
            raise Conflict(changed_meanwhile())
        draft = fetch_manageable(DeclarationDraft, draft_id, actor=actor) if draft_id is not None else None
        file = upload or _file_of(draft)
        given = _checked(typed, programme, file, actor, needed=plan_file_needed)
        before = audit.snapshot(programme) if programme is not None else None
        programme = _store(given, typed, programme, actor)
        if file is not None:
            plan_files.add(programme, file.name, file.content, actor=actor)
        if draft is not None:
            db.session.delete(draft)
        act = AuditAction.CREATE if before is None else AuditAction.UPDATE
        audit.record(act, programme, actor=actor, before=before, after=audit.snapshot(programme))
    return programme


def problems_of(typed: Mapping[str, Any], *, actor: Actor) -> Sequence[Problem]:
    """Return everything wrong with a new declaration, without storing it."""
    actor.require("declare", "Programme")
    try:
        _checked(typed, None, None, actor, needed=False)
    except Invalid as error:
        return error.problems
    return ()


def _file_of(draft: DeclarationDraft | None) -> Upload | None:
    if draft is None or draft.file_name is None or draft.file_content is None:
        return None
    return Upload(draft.file_name, draft.file_content)


def _checked(
    typed: Mapping[str, Any], programme: Programme | None, file: Upload | None, actor: Actor, *, needed: bool
) -> Declaration:
    """Return the declaration. Raises Invalid with everything wrong with texts, rules, choices and file."""
    given, problems = read_declaration(cleaned(typed))
    batch = db.session.get(Batch, given.batch_id) if given.batch_id is not None else None
    institution_id = programme.institution_id if programme is not None else actor.institution_id
    if institution_id is None:
        raise NotPermitted
    policy = policy_of(batch.training_year_id if batch is not None else None)
    frame = Frame(
        granted=coverage(institution_id),
        targets={row.path: row.name for row in _rows(Region, given.region_ids)},
        limit=limit_of(programme, policy),
        year=year_of(batch),
        settled=_settled(programme),
    )
    problems.found += declaration_problems(given, frame)
    _check_choices(given, batch, programme, problems)
    if file is not None:
        problems.found += plan_files.problems_of(file.name, file.content, policy)
    elif needed and (programme is None or not programme.plan_files):
        problems.add("plan_file_missing", N_("Choose the training plan: Word, Excel or PDF."), field="plan_file")
    problems.raise_if_any(Invalid)
    return given


def _settled(programme: Programme | None) -> Declaration | None:
    """Return the stored declaration, read as a typed one, when its upper part no longer changes."""
    if programme is None or not upper_settled(programme):
        return None
    return read_declaration(cleaned(typed_of(programme)))[0]


def _check_choices(given: Declaration, batch: Batch | None, programme: Programme | None, problems: Problems) -> None:
    """Choices are rows that exist; classes are those of the programme, and what was approved stays as it is."""
    text = N_("This choice does not exist or is outside your scope.")
    for name, (ids, model) in LISTS.items():
        if len(_rows(model, getattr(given, ids))) != len(getattr(given, ids)):
            problems.add("choice_not_visible", text, field="regions" if model is Region else name)
    if given.batch_id is not None and batch is None:
        problems.add("choice_not_visible", text, field="batch")
    open_classes = {one.id for one in programme.classes if one.state in OPEN_CLASSES} if programme else set()
    for number, part in enumerate(given.classes):
        if part.id is not None and part.id not in open_classes:
            told = N_("This class cannot be changed any more; reload the page.")
            problems.add("class_settled", told, field=f"classes-{number}-starts_on")


def _rows(model: type[Any], ids: Sequence[int]) -> Sequence[Any]:
    return db.session.scalars(select(model).where(model.id.in_(ids))).all() if ids else ()


# --- storing


def _store(given: Declaration, typed: Mapping[str, Any], programme: Programme | None, actor: Actor) -> Programme:
    fresh = programme is None
    row = programme or Programme(institution_id=actor.institution_id, copied_from_id=_copied_from(typed, actor))
    if not upper_settled(row):
        _store_upper(row, given)
    with db.session.no_autoflush:
        db.session.add(row)
        _store_classes(row, given.classes)
    db.session.flush()
    if fresh:
        begun(row, Action.DECLARE, actor=actor)
    return row


def _store_upper(row: Programme, given: Declaration) -> None:
    """Set the upper part; once a class of the programme is on offer it stays what was approved."""
    batch = db.session.get_one(Batch, given.batch_id)
    for name in ("title", "kind", "credit_hours", "credits", "goals", "contents", "outline", "assessment"):
        value = getattr(given, name)
        setattr(row, name, value if value != "" else None)
    row.batch, row.training_year = batch, batch.training_year
    for name, (ids, model) in LISTS.items():
        setattr(row, name, list(_rows(model, getattr(given, ids))))
    row.lecturers = [_lecturer(row.institution_id, one) for one in given.lecturers]


def _lecturer(institution_id: int, part: Any) -> Lecturer:
    """Return the institution's lecturer of this name and workplace, made when there is none yet."""
    found = db.session.scalar(
        select(Lecturer).where(
            Lecturer.institution_id == institution_id,
            Lecturer.name == part.name,
            Lecturer.workplace == part.workplace,
        )
    )
    row = found or Lecturer(institution_id=institution_id, name=part.name, workplace=part.workplace)
    if part.position:
        row.position = part.position
    return row


def _store_classes(row: Programme, parts: Sequence[ClassPart]) -> None:
    """Make the open classes of `row` those of `parts`; the others keep their number and stay.

    A new class asks for the approval of the bureau that the year's parameter names (P25), until the reviewer says else.
    """
    open_classes = {one.id: one for one in row.classes if one.state in OPEN_CLASSES}
    kept = {part.id for part in parts if part.id is not None}
    for key in set(open_classes) - kept:
        row.classes.remove(open_classes[key])
        db.session.delete(open_classes[key])
    if row.id is not None:
        db.session.flush()  # a number that has become free may be given again
    taken = {one.number for one in row.classes}
    free = (number for number in range(1, len(taken) + len(parts) + 2) if number not in taken)
    teachers = {one.name: one for one in row.lecturers}
    checkpoint = policy_of(row.training_year.id).checkpoint_default
    for part in parts:
        one = open_classes.get(part.id) if part.id is not None else None
        if one is None:
            one = TrainingClass(number=next(free), checkpoint=checkpoint)
            row.classes.append(one)
        _store_class(one, part, teachers)
        copy_to_class(row, one)


def _store_class(one: TrainingClass, part: ClassPart, teachers: Mapping[str, Lecturer]) -> None:
    for name in ("starts_on", "ends_on", "place", "planned_seats"):
        setattr(one, name, getattr(part, name))
    one.seats, one.fee, one.boarding = one.planned_seats, part.fee or Decimal(0), part.boarding or None
    one.sessions = [
        ClassSession(
            day=s.day, starts_at=s.starts_at, ends_at=s.ends_at, topic=s.topic, place=s.place or None,
            lecturer=teachers.get(s.lecturer),
        )
        for s in part.sessions
    ]  # fmt: skip


def copy_to_class(programme: Programme, one: TrainingClass) -> None:
    """Set the copies a class keeps of its programme, so that enrolling reads the class alone."""
    one.title, one.kind, one.credit_hours = programme.title, programme.kind, programme.credit_hours
    one.institution_id = programme.institution_id
    one.training_year_id, one.batch_id = programme.training_year.id, programme.batch.id if programme.batch else None


# --- the way back: a stored declaration as it would be typed


def _copied_from(typed: Mapping[str, Any], actor: Actor) -> int | None:
    key = str(typed.get("copied_from") or "")
    try:
        return fetch_visible(Programme, key, actor=actor).id if key else None
    except NotVisible:
        return None


def typed_of(programme: Programme) -> dict[str, Any]:
    """Return a stored declaration as it would be typed: for the form, for a draft, for a copy."""
    texts = ("title", "credit_hours", "credits", "goals", "contents", "outline", "assessment")
    typed: dict[str, Any] = {name: _shown(getattr(programme, name)) for name in texts}
    return typed | {
        "kind": programme.kind.value,
        "batch": _shown(programme.batch_id),
        "stages": [str(row.id) for row in programme.stages],
        "post_categories": [str(row.id) for row in programme.post_categories],
        "subjects": [str(row.id) for row in programme.subjects],
        "regions": [str(row.id) for row in programme.target_regions],
        "lecturers": [
            {"name": one.name, "workplace": one.workplace, "position": one.position or ""}
            for one in programme.lecturers
        ],
        "classes": [_typed_class(one) for one in programme.classes if one.state in OPEN_CLASSES],
    }


def _typed_class(one: TrainingClass) -> dict[str, Any]:
    names = ("id", "starts_on", "ends_on", "place", "planned_seats", "fee", "boarding")
    sessions = [
        {
            "day": _shown(s.day), "starts_at": f"{s.starts_at:%H:%M}", "ends_at": f"{s.ends_at:%H:%M}",
            "topic": s.topic, "lecturer": s.lecturer.name if s.lecturer else "", "place": s.place or "",
        }
        for s in one.sessions
    ]  # fmt: skip
    return {name: _shown(getattr(one, name)) for name in names} | {"sessions": sessions}


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def copy_as_draft(programme_id: int, *, actor: Actor) -> DeclarationDraft:
    """Make a new draft of an earlier programme: everything but batch, days and timetable, which have passed (PRG-8)."""
    actor.require("declare", "Programme")
    with transaction():
        source = fetch_visible(Programme, programme_id, actor=actor)
        if source.institution_id != actor.institution_id:
            raise NotPermitted
        typed = typed_of(source)
        classes = [
            _typed_class(one) | {"id": "", "starts_on": "", "ends_on": "", "sessions": []} for one in source.classes
        ]
        typed |= {"batch": "", "classes": classes, "copied_from": str(source.id)}
        draft = DeclarationDraft(
            institution_id=source.institution_id, title=source.title, payload=typed, account_id=actor.account_id
        )
        db.session.add(draft)
        db.session.flush()
    return draft
