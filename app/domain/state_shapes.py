"""What a state table is made of: the kinds that have states, the parties, the moves and the facts that bar them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from app.domain.text import N_, LabelledEnum


class Kind(LabelledEnum):
    """The things that have states."""

    ENROLLMENT = "enrollment", N_("enrollment")
    PROGRAMME = "programme", N_("programme")
    TRAINING_CLASS = "training_class", N_("class")
    CLASS_ADJUSTMENT = "class_adjustment", N_("class adjustment")
    LEAVE_REQUEST = "leave_request", N_("leave request")
    TRANSFER = "transfer", N_("transfer")
    RECORD_REPORT = "record_report", N_("teacher record")
    CHANGE_REQUEST = "change_request", N_("change request")
    ROSTER = "roster", N_("back-filled roster")
    CALL_APPLICATION = "call_application", N_("call application")
    ACCOUNT = "account", N_("account")
    TEACHER = "teacher", N_("teacher")
    REGISTRATION = "registration", N_("registration")
    EXPERT_REVIEW = "expert_review", N_("expert opinion")
    CERTIFICATE = "certificate", N_("certificate")


class Party(LabelledEnum):
    """Who makes a move."""

    TEACHER = "teacher", N_("Teacher")
    SCHOOL = "school", N_("School")
    BUREAU = "bureau", N_("Bureau")
    INSTITUTION = "institution", N_("Institution")
    EXPERT = "expert", N_("Expert")
    SYSTEM = "system", N_("System")


class Action(LabelledEnum):
    """A move, as the button that makes it is called."""

    SUBMIT = "submit", N_("Submit")
    ADJUST = "adjust", N_("Adjust the declaration")
    ENROLL = "enroll", N_("Enroll")
    FILE = "file", N_("File the request")
    APPROVE = "approve", N_("Approve")
    REJECT = "reject", N_("Reject")
    RETURN = "return", N_("Return for changes")
    TAKE_BACK = "take_back", N_("Take back")
    UNDO = "undo", N_("Undo the decision")
    WITHDRAW = "withdraw", N_("Withdraw")
    TIME_OUT = "time_out", N_("Let the deadline pass")
    CONFIRM = "confirm", N_("Confirm")
    DECLINE = "decline", N_("Decline")
    DRAW_OUT = "draw_out", N_("Leave out of the draw")
    PROMOTE = "promote", N_("Promote from the reserve list")
    REASSIGN = "reassign", N_("Reassign to another class")
    CANCEL_CLASS = "cancel_class", N_("Cancel the class")
    OPEN_CLASS = "open_class", N_("Open the class")
    COMPLETE_CLASS = "complete_class", N_("Complete the class")
    CREDIT = "credit", N_("Credit the hours")
    RELEASE = "release", N_("Release")
    COMPLETE = "complete", N_("Complete the transfer")
    REFUSE = "refuse", N_("Refuse")
    DECLARE = "declare", N_("Declare")
    PREPARE = "prepare", N_("Start preparing")
    ALLOT = "allot", N_("Allot seats")
    START = "start", N_("Start the training")
    UPLOAD_RESULTS = "upload_results", N_("Upload the results")
    LOCK = "lock", N_("Lock")
    UNLOCK = "unlock", N_("Unlock")
    DISABLE = "disable", N_("Disable")
    ENABLE = "enable", N_("Enable")
    TRANSFER_OUT = "transfer_out", N_("Transfer out")
    TRANSFER_IN = "transfer_in", N_("Transfer in")
    SECOND = "second", N_("Second to another school")
    END_SECONDMENT = "end_secondment", N_("End the secondment")
    LEAVE = "leave", N_("Leave the profession")
    GIVE_OPINION = "give_opinion", N_("Give an opinion")
    DECLINE_OPINION = "decline_opinion", N_("Decline to give an opinion")
    REVOKE = "revoke", N_("Revoke")


class Fact(LabelledEnum):
    """What besides the state decides whether a move is open; the label is the sentence shown when it bars one."""

    CHECKPOINT = "checkpoint", N_("The class has an enrollment checkpoint at a bureau.")
    BUREAU_ACTED = "bureau_acted", N_("The bureau has already reviewed this enrollment.")
    FROZEN = "frozen", N_("The candidate list of the class is frozen.")
    WINDOW_CLOSED = "window_closed", N_("The enrollment window is closed.")
    SCHOOL_DEADLINE_PASSED = "school_deadline_passed", N_("The school deadline has passed.")
    UNDO_OFF = "undo_off", N_("The province does not allow schools to undo their review.")
    CLASS_TO_MEND = "class_to_mend", N_("A class of the programme is not approved yet.")
    RELEASE_NEEDED = "release_needed", N_("The releasing school has to confirm first.")


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow of a diagram. `needs` are the facts that must hold, `bars` those that must not."""

    action: Action
    source: LabelledEnum
    target: LabelledEnum
    by: tuple[Party, ...]
    needs_reason: bool = False
    needs: frozenset[Fact] = frozenset()
    bars: frozenset[Fact] = frozenset()

    def open_under(self, facts: Collection[Fact]) -> bool:
        """Say whether `facts` leave this move open."""
        return self.needs.issubset(facts) and self.bars.isdisjoint(facts)


@dataclass(frozen=True)
class Machine:
    """All states of one kind: where it begins, its moves, the live states, and whose turn each waiting state is."""

    kind: Kind
    states: type[LabelledEnum]
    initial: tuple[LabelledEnum, ...]
    moves: tuple[Move, ...]
    turn: Mapping[LabelledEnum, Party]
    live: frozenset[LabelledEnum] = frozenset()

    @cached_property
    def final(self) -> frozenset[LabelledEnum]:
        """The states no move leaves."""
        return frozenset(self.states) - {move.source for move in self.moves}

    def from_state(self, state: str, action: str | None = None) -> tuple[Move, ...]:
        """Return the moves that leave `state`, only those of `action` when it is given."""
        return tuple(m for m in self.moves if m.source == state and action in (None, m.action))
