"""Parameters each training year may set anew: enrollment, classes, delivery, transfers."""

from __future__ import annotations

from app.domain.parameter_shapes import ParameterGroup as In
from app.domain.parameter_shapes import PlanFileType, Unit, choice, choices, number, switch
from app.domain.terms import Checkpoint, ClashCheck, HoursCapMode, RoundTwoOpenTo
from app.domain.text import N_

YEARLY = (
    number(
        "P1",
        "institution_cancel_limit_round_one",
        In.CLASSES,
        10,
        (0, 500),
        Unit.TRAINEES,
        N_("Institution may cancel up to (round one)"),
        N_(
            "After round one an institution may cancel a class alone while its live enrollments do not exceed "
            "this number; above it the bureau decides."
        ),
    ),
    number(
        "P1",
        "institution_cancel_limit_round_two",
        In.CLASSES,
        25,
        (0, 500),
        Unit.TRAINEES,
        N_("Institution may cancel up to (round two)"),
        N_(
            "After round two an institution may cancel a class alone while its live enrollments do not exceed "
            "this number; above it the bureau decides."
        ),
    ),
    number(
        "P2",
        "hours_cap",
        In.ENROLLMENT,
        90,
        (1, 1000),
        Unit.CREDIT_HOURS,
        N_("Hours cap"),
        N_(
            "Credit hours of live elective enrollments a teacher may hold in one year and batch. Mandated "
            "hours do not count."
        ),
    ),
    choice(
        "P2",
        "hours_cap_mode",
        In.ENROLLMENT,
        HoursCapMode.STRICT,
        HoursCapMode,
        N_("Reading of the hours cap"),
        N_(
            "Strict: the class applied for counts too. The 2011 manual refuses only when the cap has been "
            "passed already."
        ),
    ),
    number(
        "P3",
        "classes_cap",
        In.ENROLLMENT,
        None,
        (1, 100),
        Unit.CLASSES,
        N_("Classes cap"),
        N_("Most live enrollments per person and batch. Empty means no limit."),
        optional=True,
    ),
    choice(
        "P4",
        "round_two_open_to",
        In.ENROLLMENT,
        RoundTwoOpenTo.FAILED_AT_INSTITUTION,
        RoundTwoOpenTo,
        N_("Round two is open to"),
        N_(
            "Who may enroll in round two: those declined, not drawn or whose class was cancelled after the "
            "school had approved, or everyone."
        ),
    ),
    number(
        "P5",
        "school_review_hours_round_two",
        In.ENROLLMENT,
        24,
        (1, 240),
        Unit.CLOCK_HOURS,
        N_("School review time in round two"),
        N_(
            "A seat taken in round two is released, and the teacher told, when the school has not reviewed "
            "within this time."
        ),
    ),
    number(
        "P6",
        "expansion_limit",
        In.CLASSES,
        50,
        (0, 500),
        Unit.PERCENT,
        N_("Expansion limit"),
        N_(
            "How far a class may grow beyond its original plan, all expansions together, rounded down. The "
            "province may override with a reason."
        ),
    ),
    number(
        "P7",
        "max_classes_per_programme",
        In.CLASSES,
        4,
        (1, 50),
        Unit.CLASSES,
        N_("Classes per programme"),
        N_(
            "Most classes an institution may declare in one programme; the bureau may allow more for a single "
            "programme."
        ),
    ),
    number(
        "P8",
        "plan_file_limit_kb",
        In.CLASSES,
        500,
        (1, 102400),
        Unit.KILOBYTES,
        N_("Size of the training plan file"),
        N_("Largest training plan file that may be uploaded. 1 KB is 1,024 bytes."),
    ),
    choices(
        "P8",
        "plan_file_types",
        In.CLASSES,
        tuple(PlanFileType),
        PlanFileType,
        N_("Types of the training plan file"),
        N_("File types accepted as a training plan; name and content are both checked."),
    ),
    number(
        "P9",
        "evaluation_days",
        In.DELIVERY,
        10,
        (0, 365),
        Unit.DAYS,
        N_("Evaluation period"),
        N_(
            "Calendar days after the class ends in which an evaluation counts; the end date is day 0 and the "
            "last day ends at 23:59:59."
        ),
    ),
    number(
        "P10",
        "evaluation_penalty",
        In.DELIVERY,
        5,
        (0, 100),
        Unit.POINTS,
        N_("Penalty for missing evaluations"),
        N_("Points of 100 taken off the score, times the share of trainees who never answered in time."),
    ),
    switch(
        "P11",
        "evaluation_required_to_enroll",
        In.DELIVERY,
        True,
        N_("Evaluation required to enroll"),
        N_("A teacher enrolls only after evaluating every finished elective and provincial class of the past."),
    ),
    switch(
        "P11",
        "evaluation_required_to_credit",
        In.DELIVERY,
        False,
        N_("Evaluation required for crediting"),
        N_("Hours are credited only to trainees who have evaluated the class."),
    ),
    number(
        "P12",
        "evaluation_min_answers",
        In.DELIVERY,
        3,
        (1, 1000),
        Unit.ANSWERS,
        N_("Fewest answers shown"),
        N_("With fewer answers nothing but their count is shown, so that nobody can be recognised."),
    ),
    number(
        "P12",
        "evaluation_min_share",
        In.DELIVERY,
        20,
        (0, 100),
        Unit.PERCENT,
        N_("Smallest share shown"),
        N_("With a smaller share of trainees answering nothing but the count is shown."),
    ),
    choice(
        "P13",
        "clash_check",
        In.ENROLLMENT,
        ClashCheck.WARN,
        ClashCheck,
        N_("Clash of dates"),
        N_("What happens when a class clashes with another live class of the teacher."),
    ),
    number(
        "P14",
        "attendance_share_to_pass",
        In.DELIVERY,
        80,
        (0, 100),
        Unit.PERCENT,
        N_("Attendance needed to pass"),
        N_("Share of sessions a trainee must have attended to pass."),
    ),
    switch(
        "P15",
        "excused_counts_as_attended",
        In.DELIVERY,
        True,
        N_("Excused sessions count as attended"),
        N_("Whether a session missed with confirmed leave counts as attended."),
    ),
    switch(
        "P16",
        "transfer_needs_release",
        In.TEACHERS,
        True,
        N_("Transfer needs the releasing school"),
        N_(
            "A transfer from another school waits for that school's confirmation; the bureau above both may "
            "decide instead. From the pool none is needed."
        ),
    ),
    switch(
        "P22",
        "school_review_reversible",
        In.ENROLLMENT,
        True,
        N_("Schools may undo their review"),
        N_("Until the next reviewer has acted or the candidate list is frozen."),
    ),
    number(
        "P23",
        "move_refusal_days",
        In.ENROLLMENT,
        3,
        (0, 60),
        Unit.DAYS,
        N_("Time to refuse a move"),
        N_("Days in which a teacher may refuse a random move to another class."),
    ),
    switch(
        "P24",
        "no_show_penalty",
        In.ENROLLMENT,
        False,
        N_("Penalty for not showing up"),
        N_("Recorded by the institution, confirmed by the bureau, open to appeal, with an end date."),
    ),
    choice(
        "P25",
        "checkpoint_default",
        In.CLASSES,
        Checkpoint.NONE,
        Checkpoint,
        N_("Default enrollment checkpoint"),
        N_("The bureau level at which enrollments of newly declared classes need approval."),
    ),
    number(
        "P27",
        "hours_per_credit",
        In.HOURS,
        8,
        (1, 100),
        Unit.CREDIT_HOURS,
        N_("Hours per credit"),
        N_("Shown beside hours; hours and credits are never converted silently."),
    ),
    number(
        "P32",
        "school_reminder_hours",
        In.ENROLLMENT,
        24,
        (1, 240),
        Unit.CLOCK_HOURS,
        N_("Reminder before the school deadline"),
        N_("Hours before the school deadline at which unreviewed enrollments are listed to the school."),
    ),
    number(
        "P33",
        "subject_away_share",
        In.ENROLLMENT,
        30,
        (0, 100),
        Unit.PERCENT,
        N_("Teachers of one subject away"),
        N_(
            "A school is warned when more than this share of its teachers of a subject would be away on the same days; "
            "one of them may always go."
        ),
    ),
)
