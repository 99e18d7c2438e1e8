"""The fixed cast of the tests: one corner of the province, small enough to know by heart.

"Home" is 西湖区 in 杭州市, "abroad" is 庆元县 in 丽水市. An account for every role stands at home and is named after
its role (`county_admin`, `teacher`); the few abroad say so (`qingyuan_school`). `PASSWORD` opens all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from functools import cache
from typing import Any

from sqlalchemy import select

from app import models
from app.domain.clock import SHANGHAI, now
from app.domain.identity import check_character
from app.domain.states import Action, Party
from app.domain.teacher_numbers import make_teacher_number
from app.domain.terms import (
    AdjustmentKind,
    AuditAction,
    ChangeRequestState,
    ClassState,
    EnrollmentState,
    Gender,
    ImportState,
    JobState,
    ProgrammeKind,
    ProgrammeState,
    RegionLevel,
    RoleName,
    RoundKind,
    SchoolKind,
    TeacherStatus,
    TransferKind,
    TransferState,
    WindowKind,
)
from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    BackgroundJob,
    Batch,
    BatchWindow,
    Bureau,
    ChangeRequest,
    ClassAdjustment,
    ClassSession,
    DeclarationDraft,
    Enrollment,
    EnrollmentRound,
    Evaluation,
    ExpertOpinion,
    FavouriteClass,
    ImportBatch,
    InboxMessage,
    Institution,
    Lecturer,
    LoginName,
    PlanFile,
    Programme,
    Region,
    RegionGrant,
    Role,
    SavedFilter,
    School,
    Screening,
    ScreeningCandidate,
    Stage,
    Subject,
    Teacher,
    TrainingClass,
    TrainingYear,
    Transfer,
    Transition,
)
from app.security.actor import Actor
from app.security.crypto import Vault
from app.security.names import initials
from app.security.passwords import hash_password
from app.security.people import actor_of
from app.services.permissions import restore_roles
from app.web.actors import current_vault

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)  # a Monday: where the clock of the tests stands
PASSWORD = "Qingyuan-42-Brücke"

# name, code, level, superior
REGIONS = (
    ("province", "330000", "浙江省", RegionLevel.PROVINCE, None),
    ("hangzhou", "330100", "杭州市", RegionLevel.CITY, "province"),
    ("xihu", "330106", "西湖区", RegionLevel.COUNTY, "hangzhou"),
    ("lishui", "331100", "丽水市", RegionLevel.CITY, "province"),
    ("qingyuan", "331126", "庆元县", RegionLevel.COUNTY, "lishui"),
)
BUREAUS = {
    "province": "省教育厅",
    "hangzhou": "杭州市教育局",
    "xihu": "西湖区教育局",
    "lishui": "丽水市教育局",
    "qingyuan": "庆元县教育局",
}
SCHOOLS = {"xihu": "文三路小学", "qingyuan": "濛洲街道小学"}
INSTITUTIONS = {"xihu": "西溪教师进修学校", "qingyuan": "菇城教师进修学校"}
# name, school (None: unattached), person
TEACHERS = (
    ("zhang", "xihu", "张明华"),
    ("li", "xihu", "李红梅"),
    ("wang", "xihu", "王志强"),
    ("chen", "qingyuan", "陈小燕"),
    ("wu", "qingyuan", "吴建国"),
    ("zhou", None, "周自由"),
)
AT_HANGZHOU, AT_XIHU, AT_SCHOOL = {"bureau": "hangzhou"}, {"bureau": "xihu"}, {"school": "xihu"}
HOME: dict[RoleName, dict[str, str]] = {
    RoleName.SYSTEM_ADMIN: {},
    RoleName.SECURITY_ADMIN: {},
    RoleName.AUDIT_ADMIN: {},
    RoleName.PROVINCIAL_ADMIN: {"bureau": "province"},
    RoleName.CITY_ADMIN: AT_HANGZHOU,
    RoleName.COUNTY_ADMIN: AT_XIHU,
    RoleName.BUREAU_REVIEWER: AT_HANGZHOU,
    RoleName.EXPERT_REVIEWER: {},
    RoleName.INSTITUTION_ADMIN: {"institution": "xihu"},
    RoleName.INSTITUTION_OPERATOR: {"institution": "xihu"},
    RoleName.SCHOOL_ADMIN: AT_SCHOOL,
    RoleName.SCHOOL_SYSTEM_ADMIN: AT_SCHOOL,
    RoleName.SCHOOL_INFORMATION_ADMIN: AT_SCHOOL,
    RoleName.SCHOOL_TRAINING_ADMIN: AT_SCHOOL,
    RoleName.SCHOOL_INQUIRER: AT_SCHOOL,
    RoleName.TEACHER: {"teacher": "zhang"},
    RoleName.NON_TEACHER: {},
}
ABROAD: dict[str, tuple[RoleName, dict[str, str]]] = {
    "lishui_city": (RoleName.CITY_ADMIN, {"bureau": "lishui"}),
    "qingyuan_county": (RoleName.COUNTY_ADMIN, {"bureau": "qingyuan"}),
    "qingyuan_institution": (RoleName.INSTITUTION_ADMIN, {"institution": "qingyuan"}),
    "qingyuan_school": (RoleName.SCHOOL_ADMIN, {"school": "qingyuan"}),
    "qingyuan_teacher": (RoleName.TEACHER, {"teacher": "chen"}),
}


class Cast(Mapping[str, Any]):
    """Rows by name, each read when it is asked for and then held, so that the session does not let go of it."""

    def __init__(self, kept: dict[str, list[Any]]) -> None:
        """`kept` holds entity and key of each row."""
        self._kept = kept
        self._held: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self._held[name] = _recalled(self._kept[name])
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


@dataclass(frozen=True)
class World:
    """The cast by name: `world.school["xihu"]`, `world.teacher["zhang"]`, `world.account["county_admin"]`."""

    region: Mapping[str, Region]
    bureau: Mapping[str, Bureau]
    institution: Mapping[str, Institution]
    grant: Mapping[str, RegionGrant]
    school: Mapping[str, School]
    teacher: Mapping[str, Teacher]
    account: Mapping[str, Account]
    entry: Mapping[str, AuditEntry]
    job: Mapping[str, BackgroundJob]
    message: Mapping[str, InboxMessage]
    saved_filter: Mapping[str, SavedFilter]
    imported: Mapping[str, ImportBatch]
    year: TrainingYear
    stage: Stage
    subject: Subject
    batch: Batch
    training: Mapping[type[Any], Mapping[str, Any]]
    moves: Mapping[type[Any], Mapping[str, Any]]

    def keys(self) -> dict[str, Any]:
        """Return entity and key of every row, as `recall` takes them in another process."""
        return {each.name: _kept(getattr(self, each.name)) for each in fields(self)}

    @property
    def programme(self) -> Mapping[str, Programme]:
        """The programmes: `xihu`, `qingyuan`, each approved and aimed at its own county."""
        return self.training[Programme]

    @property
    def training_class(self) -> Mapping[str, TrainingClass]:
        """The classes: `xihu` and `qingyuan` are offered, `xihu_second` is pending, `xihu_screened` has its draw."""
        return self.training[TrainingClass]

    @property
    def enrollment(self) -> Mapping[str, Enrollment]:
        """`xihu` (zhang) and `qingyuan` (chen) wait for the school; `xihu_screened` (wang) for the institution."""
        return self.training[Enrollment]

    def actor(self, username: str) -> Actor:
        """Return the actor an account is at this moment."""
        return actor_of(self.account[username])

    def rows(self) -> dict[type[Any], Mapping[str, Any]]:
        """Return entity → the rows that have a home, by name."""
        return {
            Bureau: self.bureau,
            Institution: self.institution,
            RegionGrant: self.grant,
            School: self.school,
            **self.moves,
            Teacher: self.teacher,
            Account: self.account,
            AuditEntry: self.entry,
            BackgroundJob: self.job,
            InboxMessage: self.message,
            **self.training,
            SavedFilter: self.saved_filter,
            ImportBatch: self.imported,
        }


def national_id(number: int) -> str:
    """Return the invented ID number of the `number`-th person, with a right check character."""
    body = f"33010619800101{number:03d}"
    return body + check_character(body)


def recall(kept: dict[str, Any]) -> World:
    """Return the cast that somebody has built in this database before: see `World.keys`."""
    return World(**{name: _recalled(each) for name, each in kept.items()})


def _kept(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {getattr(name, "__name__", name): _kept(each) for name, each in value.items()}
    return [type(value).__name__, value.id]


def _recalled(kept: Any) -> Any:
    """Return a row, rows by name, or such by entity."""
    if isinstance(kept, list):
        with db.session.no_autoflush:  # a test may be in the middle of making a row
            return db.session.get_one(getattr(models, kept[0]), kept[1])
    if all(isinstance(each, list) for each in kept.values()):
        return Cast(kept)
    return {getattr(models, name): Cast(each) for name, each in kept.items()}


def build() -> World:
    """Restore the roles and insert the cast into the running transaction."""
    restore_roles()
    regions = _regions()
    bureaus = {n: Bureau(code=f"B{regions[n].code}", name=text, region=regions[n]) for n, text in BUREAUS.items()}
    stage, subject = Stage(code="PRI", name="小学", position=1), Subject(code="S01", name="语文", position=1)
    year = TrainingYear(
        year=2026, name="2026年度", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), is_current=True
    )
    schools = {
        n: School(code=f"{regions[n].code}001", name=text, region=regions[n], kind=SchoolKind.PRIMARY, stages=[stage])
        for n, text in SCHOOLS.items()
    }
    institutions = {n: Institution(code=f"J{n}", name=t, region=regions[n]) for n, t in INSTITUTIONS.items()}
    grants = {
        n: RegionGrant(institution=institutions[n], region=regions[n], valid_from=date(2026, 1, 1))
        for n in INSTITUTIONS
    }
    _insert(bureaus, schools, institutions, grants, {"stage": stage, "subject": subject, "year": year})
    teachers = _teachers(schools, stage, subject)
    places: dict[str, dict[str, Any]] = {"bureau": bureaus, "institution": institutions, "school": schools}
    accounts = _accounts(places, teachers)
    batch = _calendar(year)
    training = Training(regions, bureaus, institutions, schools, teachers, accounts, batch).rows()
    return World(
        regions, bureaus, institutions, grants, schools, teachers, accounts, *_traces(accounts), year, stage, subject,
        batch, training, _moves(schools, teachers),
    )  # fmt: skip


def _insert(*groups: dict[str, Any]) -> None:
    db.session.add_all(row for group in groups for row in group.values())
    db.session.flush()


def _regions() -> dict[str, Region]:
    made: dict[str, Region] = {}
    for name, code, text, level, above in REGIONS:
        parent = made.get(above or "")
        path = f"{parent.path if parent else '/'}{code}/"
        made[name] = Region(code=code, name=text, level=level, parent=parent, path=path)
    _insert(made)
    return made


def _teachers(schools: dict[str, School], stage: Stage, subject: Subject) -> dict[str, Teacher]:
    vault = current_vault()
    made = {
        name: _teacher(number, person, schools.get(place or ""), vault)
        for number, (name, place, person) in enumerate(TEACHERS, 1)
    }
    for teacher in made.values():
        teacher.stage, teacher.subject = stage, subject
    for school in schools.values():
        school.staff_count = sum(teacher.school is school for teacher in made.values())
    _insert(made)
    return made


def _teacher(number: int, person: str, school: School | None, vault: Vault) -> Teacher:
    identity = national_id(number)
    return Teacher(
        teacher_number=make_teacher_number(province="33", year=2026, running=number),
        name=person,
        name_initials=initials(person),
        gender=Gender.MALE if number % 2 else Gender.FEMALE,
        birth_date=date(1980, 1, 1),
        national_id_sealed=vault.seal(identity),
        national_id_key=vault.key(identity),
        national_id_tail=identity[-4:],
        id_birth_date=date(1980, 1, 1),
        id_gender="male" if number % 2 else "female",
        mobile=f"1990000{number:04d}",
        school=school,
        status=TeacherStatus.EMPLOYED if school else TeacherStatus.UNATTACHED,
    )


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


def _accounts(places: dict[str, dict[str, Any]], teachers: dict[str, Teacher]) -> dict[str, Account]:
    roles = {role.name: role for role in db.session.scalars(select(Role))}
    cast = {**{role.value: (role, where) for role, where in HOME.items()}, **ABROAD}
    made: dict[str, Account] = {}
    for username, (role, where) in cast.items():
        teacher = teachers.get(where.get("teacher", ""))
        organisation = {kind: places[kind][name] for kind, name in where.items() if kind in places}
        made[username] = Account(
            username=username,
            last_name=teacher.name if teacher else f"某{username}",
            first_name="",
            email=f"{username}@noemail.invalid",
            active=True,
            password=_hashed(),
            roles=[roles[role.value]],
            teacher=teacher,
            **organisation,
        )
    _insert(made)
    _login_names(made.values())
    return made


def _login_names(accounts: Iterable[Account]) -> None:
    for account in accounts:
        names = [account.username.upper()]
        if account.teacher:
            names += [account.teacher.teacher_number, account.teacher.national_id_key]
        db.session.add_all(LoginName(name=name, account_id=account.id) for name in names)
    db.session.flush()


def _traces(accounts: dict[str, Account]) -> tuple[dict[str, Any], ...]:
    """Return what each county bureau left behind: an audit entry, a job, a message, a saved filter, an import."""
    sides = {"xihu": accounts["county_admin"], "qingyuan": accounts["qingyuan_county"]}
    entries = {
        name: AuditEntry(
            account_id=account.id,
            region_path=account.bureau.region.path,
            action=AuditAction.UPDATE,
            entity="School",
            subject=f"{name} changed a school",
        )
        for name, account in sides.items()
    }
    jobs = {
        name: BackgroundJob(account_id=a.id, kind="export", title=f"{name} exports", state=JobState.DONE)
        for name, a in sides.items()
    }
    messages = {
        name: InboxMessage(account_id=a.id, msgid="%(what)s", params={"what": f"{name} was told"}, read_at=now())
        for name, a in sides.items()
    }
    saved = {
        name: SavedFilter(account_id=a.id, list_name="SchoolView", name=f"{name} keeps this", query="?kind=primary")
        for name, a in sides.items()
    }
    imported = {
        name: ImportBatch(
            account_id=a.id, kind="schools", file_name=f"{name}.xlsx", sha256="0" * 64, size=1, state=ImportState.FAILED
        )
        for name, a in sides.items()
    }
    _insert(entries, jobs, messages, saved, imported)
    return entries, jobs, messages, saved, imported


def _moves(schools: dict[str, School], teachers: dict[str, Teacher]) -> dict[type[Any], dict[str, Any]]:
    """Return what became of people: 李红梅 and 吴建国 were refused a transfer and a change of the record."""
    asked = {"email": {"old": None, "new": "teacher@example.cn"}}
    sides = {"xihu": teachers["li"], "qingyuan": teachers["wu"]}
    made: dict[type[Any], dict[str, Any]] = {
        Transfer: {
            n: Transfer(teacher=t, kind=TransferKind.TRANSFER_IN, from_school=schools[n], state=TransferState.REFUSED)
            for n, t in sides.items()
        },
        ChangeRequest: {
            n: ChangeRequest(teacher=t, school=schools[n], changes=asked, state=ChangeRequestState.REFUSED)
            for n, t in sides.items()
        },
    }
    _insert(*made.values())
    return made


# kind, first and last day: on the morning the clock of the tests stands at, round one is open
WINDOWS = (
    (WindowKind.DECLARATION, (1, 5), (1, 25)),
    (WindowKind.REVIEW, (1, 5), (2, 15)),
    (WindowKind.ROUND_ONE, (2, 25), (3, 10)),
    (WindowKind.ROUND_ONE_SCHOOL, (2, 25), (3, 15)),
    (WindowKind.ADJUSTMENT, (3, 16), (3, 22)),
    (WindowKind.ROUND_TWO, (3, 25), (4, 1)),
    (WindowKind.ROUND_TWO_SCHOOL, (3, 25), (4, 3)),
    (WindowKind.SECOND_ADJUSTMENT, (4, 5), (4, 10)),
)


def _calendar(year: TrainingYear) -> Batch:
    batch = Batch(training_year=year, sequence=1, name="第一批")
    batch.rounds = [EnrollmentRound(kind=kind) for kind in RoundKind]
    batch.windows = [
        BatchWindow(
            kind=kind,
            opens_at=datetime.combine(date(2026, *first), time(8), SHANGHAI),
            closes_at=datetime.combine(date(2026, *last), time(17), SHANGHAI),
        )
        for kind, first, last in WINDOWS
    ]
    _insert({"batch": batch})
    return batch


@dataclass(frozen=True)
class Training:
    """The training of the cast: a programme at home with three classes, one abroad with one, and all around them."""

    region: dict[str, Region]
    bureau: dict[str, Bureau]
    institution: dict[str, Institution]
    school: dict[str, School]
    teacher: dict[str, Teacher]
    account: dict[str, Account]
    batch: Batch

    def rows(self) -> dict[type[Any], dict[str, Any]]:
        """Insert everything; return entity → the rows by name."""
        lecturers = {n: Lecturer(institution=i, name="方讲师", workplace=i.name) for n, i in self.institution.items()}
        programmes = {n: self._programme(n, lecturers[n]) for n in self.institution}
        classes = {
            "xihu": _class(programmes["xihu"], 1, ClassState.OFFERED),
            "xihu_second": _class(programmes["xihu"], 2, ClassState.PENDING),
            "xihu_screened": _class(programmes["xihu"], 3, ClassState.OFFERED),
            "qingyuan": _class(programmes["qingyuan"], 1, ClassState.OFFERED),
        }
        enrollments = {
            "xihu": self._enrollment("zhang", classes["xihu"], EnrollmentState.AWAITING_SCHOOL),
            "xihu_screened": self._enrollment("wang", classes["xihu_screened"], EnrollmentState.AWAITING_INSTITUTION),
            "qingyuan": self._enrollment("chen", classes["qingyuan"], EnrollmentState.AWAITING_SCHOOL),
        }
        made = {Lecturer: lecturers, Programme: programmes, TrainingClass: classes, Enrollment: enrollments}
        _insert(*made.values())
        made |= {**self._declared(programmes), **self._around(classes), **self._drawn(classes, enrollments)}
        made[Evaluation] = {n: Evaluation(enrollment=enrollments[n]) for n in self.institution}
        _insert(*made.values())
        moves = {Transition: {n: _moved(p) for n, p in programmes.items()}}
        _insert(moves[Transition])
        return made | moves

    def _programme(self, name: str, lecturer: Lecturer) -> Programme:
        return Programme(
            number=f"2026{name.upper()}", title=f"{self.region[name].name}语文教学研修", kind=ProgrammeKind.ELECTIVE,
            training_year=self.batch.training_year, batch=self.batch, institution=self.institution[name],
            credit_hours=24, goals="提升课堂教学能力", contents="教材解读与课例研究", state=ProgrammeState.APPROVED,
            target_regions=[self.region[name]], review_bureau=self.bureau[name], lecturers=[lecturer],
        )  # fmt: skip

    def _enrollment(self, teacher: str, training_class: TrainingClass, state: EnrollmentState) -> Enrollment:
        place = "qingyuan" if teacher == "chen" else "xihu"
        return Enrollment(
            number=f"E{teacher.upper()}", teacher=self.teacher[teacher], training_class=training_class,
            training_year_id=self.batch.training_year_id, batch_id=self.batch.id, round_kind=RoundKind.ROUND_ONE,
            state=state, credit_hours=24, school=self.school[place], bureau=self.bureau[place],
        )  # fmt: skip

    def _declared(self, programmes: dict[str, Programme]) -> dict[type[Any], dict[str, Any]]:
        experts = {"xihu": self.account["expert_reviewer"], "qingyuan": self.account["lishui_city"]}
        file = {"content_type": "application/pdf", "size": 4, "sha256": "0" * 64, "content": b"%PDF"}
        return {
            DeclarationDraft: {
                n: DeclarationDraft(institution=i, title=f"{self.region[n].name}草稿")
                for n, i in self.institution.items()
            },
            PlanFile: {
                n: PlanFile(programme=p, revision=1, name=f"{self.region[n].name}方案.pdf", **file)
                for n, p in programmes.items()
            },
            ExpertOpinion: {n: ExpertOpinion(programme=p, expert=experts[n]) for n, p in programmes.items()},
        }

    def _around(self, classes: dict[str, TrainingClass]) -> dict[type[Any], dict[str, Any]]:
        ours = {name: classes[name] for name in self.institution}
        teachers = {"xihu": self.teacher["zhang"], "qingyuan": self.teacher["chen"]}
        session = {"day": date(2026, 5, 11), "starts_at": time(8, 30), "ends_at": time(11, 30), "topic": "开班"}
        return {
            ClassSession: {n: ClassSession(training_class=c, **session) for n, c in ours.items()},
            ClassAdjustment: {
                n: ClassAdjustment(
                    training_class=c, kind=AdjustmentKind.EXPAND, old_seats=40, new_seats=45, live_count=41
                )
                for n, c in ours.items()
            },
            FavouriteClass: {n: FavouriteClass(training_class=c, teacher=teachers[n]) for n, c in ours.items()},
        }

    @staticmethod
    def _drawn(
        classes: dict[str, TrainingClass], enrollments: dict[str, Enrollment]
    ) -> dict[type[Any], dict[str, Any]]:
        over = {"xihu": "xihu_screened", "qingyuan": "qingyuan"}
        proof = {"list_hash": "0" * 64, "commitment": "1" * 64, "seed_sealed": b"sealed", "algorithm": "1"}
        screenings = {
            n: Screening(training_class=classes[c], seats=1, candidate_count=1, **proof) for n, c in over.items()
        }
        candidates = {
            n: ScreeningCandidate(
                screening=screenings[n], enrollment=enrollments[c], enrollment_number=enrollments[c].number
            )
            for n, c in over.items()
        }
        return {Screening: screenings, ScreeningCandidate: candidates}


def _class(programme: Programme, number: int, state: ClassState) -> TrainingClass:
    return TrainingClass(
        programme=programme, number=number, title=programme.title, institution=programme.institution, state=state,
        training_year_id=programme.training_year.id, batch_id=programme.batch.id, kind=programme.kind,
        credit_hours=programme.credit_hours, starts_on=date(2026, 5, 10 + number), ends_on=date(2026, 5, 10 + number),
        place="进修学校报告厅", planned_seats=40, seats=40,
    )  # fmt: skip


def _moved(programme: Programme) -> Transition:
    return Transition(
        entity="Programme", row_id=programme.id, action=Action.APPROVE, from_state="submitted", to_state="approved",
        party=Party.BUREAU, organisation=programme.review_bureau.name,
    )  # fmt: skip
