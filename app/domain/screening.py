"""The draw (筛选): a frozen list, a seed promised beforehand, an order anybody can work out again (ENR-8, ENR-9).

1. At the freeze the enrollment numbers of the candidates are written down in a fixed form; `list_hash` is its SHA-256.
2. A secret seed of 32 random bytes is made at the same moment; `commitment`, its SHA-256, is published with the hash.
3. Drawing orders the candidates by SHA-256 of seed and enrollment number, and publishes the seed. The first `seats` are
   drawn; the others, in that order, are the reserve list. There is never a second draw.

Nobody can choose the order: the seed was fixed before it was used, and the list before the seed was known. The same
steps stand in `tools/verify_draw.py`, in the script of the verify page, and in docs/draw.md.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from app.domain.clock import local
from app.domain.errors import Conflict, Problems
from app.domain.text import N_, LabelledEnum

VERSION = 1  # of the steps above; a published draw names it
SEED_BYTES = 32
KEY_LENGTH = 64  # hexadecimal digits


class DrawState(LabelledEnum):
    """Where a class stands on its way to the draw; not stored, but told from counts, windows and the screening."""

    EARLY = "early", N_("Schools still review")
    ENOUGH = "enough", N_("Enough seats")
    READY = "ready", N_("To be frozen and drawn")
    FROZEN = "frozen", N_("Frozen, to be drawn")
    DRAWN = "drawn", N_("Draw done")

    @property
    def settled(self) -> bool:
        """Whether nothing stands between the candidates and the institution's decision."""
        return self in (DrawState.DRAWN, DrawState.ENOUGH)


def draw_state(*, frozen: bool, drawn: bool, candidates: int, seats: int, deadline: datetime | None) -> DrawState:
    """Return where a class stands; `seats` are those free, `deadline` that of the schools while it has not passed."""
    if drawn or frozen:
        return DrawState.DRAWN if drawn else DrawState.FROZEN
    if deadline is not None:
        return DrawState.EARLY
    return DrawState.READY if candidates > seats else DrawState.ENOUGH


def new_seed() -> str:
    """Return a fresh seed: 64 hexadecimal digits of the system's randomness."""
    return secrets.token_hex(SEED_BYTES)


def commitment_of(seed: str) -> str:
    """Return the SHA-256 of the seed's text, hexadecimal: it binds to the seed without telling it."""
    return _hex(seed)


def list_hash(numbers: Iterable[str]) -> str:
    """Return the SHA-256, hexadecimal, of the sorted enrollment numbers, one a line, each line ended."""
    return _hex("".join(f"{number}\n" for number in sorted(numbers)))


def order_key(seed: str, number: str) -> str:
    """Return what a candidate is sorted by: SHA-256 of seed, a colon and the enrollment number."""
    return _hex(f"{seed}:{number}")


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class Place(NamedTuple):
    """A candidate's place: `position` counts from 1, `drawn` says whether it is among the seats."""

    number: str
    key: str
    position: int
    drawn: bool


def draw(seed: str, numbers: Iterable[str], seats: int) -> tuple[Place, ...]:
    """Return every candidate in drawn order; the first `seats` are drawn. Takes n log n."""
    # One text each, key and number: sorts as the pair would, for all keys are equally long, and in half the time.
    ordered = sorted([order_key(seed, number) + number for number in numbers])
    return tuple([Place(both[KEY_LENGTH:], both[:KEY_LENGTH], at, at <= seats) for at, both in enumerate(ordered, 1)])


def result_hash(ordered: Iterable[str]) -> str:
    """Return the SHA-256, hexadecimal, of the numbers in drawn order, one a line, each line ended."""
    return _hex("".join(f"{number}\n" for number in ordered))


def check_freeze(candidates: int, seats: int, *, undecided: int, deadline: datetime | None = None) -> None:
    """Refuse to freeze while reviews are under way or when everybody has a seat; raises Conflict with every reason.

    `seats` are those still free. `undecided` are the enrollments school or bureau could still send on. `deadline` is
    that of the schools while it has not passed.
    """
    problems = Problems()
    if deadline is not None:
        moment = local(deadline).strftime("%Y-%m-%d %H:%M")
        text = N_("Schools review until %(moment)s; freeze the list after that.")
        problems.add("too_early", text, moment=moment)
    if candidates > seats and seats <= 0:
        text = N_("No seat is left for %(candidates)d candidates. Ask the bureau for more seats, or decline them.")
        problems.add("no_seat_left", text, candidates=candidates)
    if candidates <= seats:
        text = N_(
            "%(candidates)d candidates for %(seats)d seats: everybody has a seat, no draw is needed. Confirm them."
        )
        problems.add("no_draw_needed", text, candidates=candidates, seats=seats)
    if undecided:
        text = N_("%(count)d enrollments still wait for a school or a bureau; freeze when they are decided.")
        problems.add("reviews_under_way", text, count=undecided)
    problems.raise_if_any(Conflict)


def check_draw(
    *, frozen: bool, drawn: bool, numbers: Sequence[str], published_hash: str, seed: str, promise: str
) -> None:
    """Refuse a draw without a freeze, a second draw, and a list or seed that is not the published one."""
    problems = Problems()
    if not frozen:
        problems.add("not_frozen", N_("Freeze the list of candidates first; then its hash is public before the draw."))
    elif drawn:
        problems.add("already_drawn", N_("This class has been drawn. There is no second draw; look at the result."))
    else:
        _check_promises(problems, numbers, published_hash, seed, promise)
    problems.raise_if_any(Conflict)


def _check_promises(problems: Problems, numbers: Sequence[str], published_hash: str, seed: str, promise: str) -> None:
    if list_hash(numbers) != published_hash:
        text = N_("The list of candidates is not the published one. Nothing was drawn; tell the administrator.")
        problems.add("list_changed", text)
    if commitment_of(seed) != promise:
        text = N_("The seed does not keep the published promise. Nothing was drawn; tell the administrator.")
        problems.add("seed_changed", text)
