"""The data model in a few sentences, then every entity by chapter. Import entities from here only.

1. A `Region` is a node of the tree province → city → county; a `Bureau` stands at each.
2. `Institution`s train; `RegionGrant`s say at which regions they may aim.
3. `School`s stand in a county and teach `Stage`s; `Teacher`s belong to one school, or to none.
4. Reference lists (`Stage`, `Grade`, `Subject`, `PostCategory`, `ProfessionalTitle`) are data.
5. An `Account` signs in by its `LoginName`s and administers at most one bureau, institution or school.
6. A `Role` holds permissions; `PermissionChange` keeps where one differs from the code, `SecurityStamp` counts.
7. A `TrainingYear` has `Batch`es; a batch has two `EnrollmentRound`s and eight `BatchWindow`s.
8. `ParameterValue`s override the defaults of `app/domain/parameters.py`; `ParameterChange` keeps their history.
9. `AuditEntry` tells who did what; `Attempt` and `Captcha` guard the door.
10. A `BackgroundJob` is long work; an `InboxMessage` tells its owner; an `ImportBatch` keeps a plan of rows.
11. A `Programme` has `Lecturer`s, `PlanFile`s and `TrainingClass`es; `ExpertOpinion`s help its review.
12. A class has `ClassSession`s and seats; `ClassAdjustment`s expand or cancel it, a `FavouriteClass` marks it.
13. An `Enrollment` puts a teacher into a class, an `Evaluation` judges it; a `Screening` draws `ScreeningCandidate`s.
14. A `Transition` is one move of a state: of a programme, a class, an enrollment, an adjustment, a transfer.
15. A `Transfer` takes a teacher from school to school; a `ChangeRequest` asks the school to change the record.
"""

from __future__ import annotations

from flask_appbuilder.security.sqla.models import ApiKey, Permission, PermissionView, Role, ViewMenu

from app.entities.accounts import Account, Attempt, Captcha, LoginName, PermissionChange, SavedFilter, SecurityStamp
from app.entities.base import Record, UtcDateTime
from app.entities.calendar import Batch, BatchWindow, EnrollmentRound, ParameterChange, ParameterValue, TrainingYear
from app.entities.classes import ClassAdjustment, ClassSession, FavouriteClass, TrainingClass
from app.entities.enrollment import Enrollment, Screening, ScreeningCandidate, Transition
from app.entities.evaluation import Evaluation
from app.entities.imports import ImportBatch, ImportBlock
from app.entities.lecturers import Lecturer
from app.entities.operation import AuditEntry, BackgroundJob, DemoClock, InboxMessage, NumberSeries
from app.entities.people import FAULTY, Teacher, teacher_name_pair
from app.entities.places import Bureau, Institution, Organisation, Region, RegionGrant, School, school_stage
from app.entities.programmes import (
    DeclarationDraft,
    ExpertOpinion,
    PlanFile,
    Programme,
    programme_lecturer,
    programme_post_category,
    programme_region,
    programme_stage,
    programme_subject,
)
from app.entities.reference import Grade, PostCategory, ProfessionalTitle, ReferenceList, Stage, Subject, subject_stage
from app.entities.transfers import ChangeRequest, Transfer

REFERENCE_LISTS: tuple[type[ReferenceList], ...] = (Stage, Grade, Subject, PostCategory, ProfessionalTitle)

__all__ = [
    "FAULTY",
    "REFERENCE_LISTS",
    "Account",
    "ApiKey",
    "Attempt",
    "AuditEntry",
    "BackgroundJob",
    "Batch",
    "BatchWindow",
    "Bureau",
    "Captcha",
    "ChangeRequest",
    "ClassAdjustment",
    "ClassSession",
    "DeclarationDraft",
    "DemoClock",
    "Enrollment",
    "EnrollmentRound",
    "Evaluation",
    "ExpertOpinion",
    "FavouriteClass",
    "Grade",
    "ImportBatch",
    "ImportBlock",
    "InboxMessage",
    "Institution",
    "Lecturer",
    "LoginName",
    "NumberSeries",
    "Organisation",
    "ParameterChange",
    "ParameterValue",
    "Permission",
    "PermissionChange",
    "PermissionView",
    "PlanFile",
    "PostCategory",
    "ProfessionalTitle",
    "Programme",
    "Record",
    "ReferenceList",
    "Region",
    "RegionGrant",
    "Role",
    "SavedFilter",
    "School",
    "Screening",
    "ScreeningCandidate",
    "SecurityStamp",
    "Stage",
    "Subject",
    "Teacher",
    "TrainingClass",
    "TrainingYear",
    "Transfer",
    "Transition",
    "UtcDateTime",
    "ViewMenu",
    "programme_lecturer",
    "programme_post_category",
    "programme_region",
    "programme_stage",
    "programme_subject",
    "school_stage",
    "subject_stage",
    "teacher_name_pair",
]
