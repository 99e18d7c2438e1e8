"""Words of learning, of the portal and of operation."""

from __future__ import annotations

from app.domain.text import N_, LabelledEnum


class LessonKind(LabelledEnum):
    """What a lesson is made of (LRN-2)."""

    VIDEO = "video", N_("Video")
    DOCUMENT = "document", N_("Document")
    LINK = "link", N_("Link")


class ResourceKind(LabelledEnum):
    """What the resource library holds (LRN-5)."""

    TEACHING_PLAN = "teaching_plan", N_("Teaching plan")
    COURSEWARE = "courseware", N_("Courseware")
    QUESTIONS = "questions", N_("Test questions")
    OTHER = "other", N_("Other material")


class ArticleKind(LabelledEnum):
    """The columns of the portal (PUB-1)."""

    NEWS = "news", N_("Training news")
    BULLETIN = "bulletin", N_("Work bulletin")
    DOWNLOAD = "download", N_("Download area")
    POLICY = "policy", N_("Policy documents")
    HELP = "help", N_("Help and questions")


class MessageKind(LabelledEnum):
    """What lands in an inbox (PUB-3)."""

    TASK = "task", N_("To be done")
    NOTICE = "notice", N_("Notice")
    PRIVATE = "private", N_("Private message")
    SYSTEM = "system", N_("System message")


class JobState(LabelledEnum):
    """A background job (DEL-12)."""

    QUEUED = "queued", N_("Queued")
    RUNNING = "running", N_("Being processed")
    DONE = "done", N_("Done")
    FAILED = "failed", N_("Job failed")
    CANCELLED = "cancelled", N_("Cancelled")


class ImportState(LabelledEnum):
    """Where an import of a workbook is (TCH-6); the worker moves it on, as it does a job."""

    PLANNING = "planning", N_("Being checked")
    PLANNED = "planned", N_("Plan ready")
    APPLYING = "applying", N_("Being applied")
    APPLIED = "applied", N_("Applied")
    CANCELLED = "cancelled", N_("Import discarded")
    FAILED = "failed", N_("File refused")


class ImportOutcome(LabelledEnum):
    """What becomes of one row of an imported workbook (TCH-6)."""

    NEW = "new", N_("To be added")
    CHANGED = "changed", N_("To be updated")
    SAME = "same", N_("No change")
    DUPLICATE = "duplicate", N_("Repeated in the file")
    ELSEWHERE = "elsewhere", N_("Belongs to others")
    ERROR = "error", N_("With errors")


class AuditAction(LabelledEnum):
    """What an audit entry records (OPS-2)."""

    CREATE = "create", N_("Record created")
    UPDATE = "update", N_("Record changed")
    DELETE = "delete", N_("Record deleted")
    RESTORE = "restore", N_("Record restored")
    PURGE = "purge", N_("Deleted for good")
    MOVE = "move", N_("State moved")
    GRANT = "grant", N_("Granted")
    REVOKE = "revoke", N_("Grant revoked")
    MERGE = "merge", N_("Schools merged")
    SPLIT = "split", N_("School split")
    IMPORT = "import", N_("Imported")
    EXPORT = "export", N_("Exported")
    REVEAL = "reveal", N_("Protected value revealed")
    SIGN_IN = "sign_in", N_("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", N_("Sign-in failed")
    SIGN_OUT = "sign_out", N_("Signed out")
    LOCK = "lock", N_("Account locked")
    UNLOCK = "unlock", N_("Account unlocked")
    ENABLE = "enable", N_("Account enabled")
    DISABLE = "disable", N_("Account disabled")
    PASSWORD_CHANGE = "password_change", N_("Password changed")
    PASSWORD_RESET = "password_reset", N_("Password reset")
    PERMISSION = "permission", N_("Permissions changed")
    PARAMETER = "parameter", N_("Parameter changed")
    DRAW = "draw", N_("Draw performed")
    BACKUP = "backup", N_("Backup taken")
    RECOVER = "recover", N_("Backup restored")
