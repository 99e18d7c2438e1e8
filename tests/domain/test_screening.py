"""The draw: frozen, promised, once, fair, and the same when somebody else works it out (ENR-8, ENR-9)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import screening
from app.domain.errors import Conflict

SCRIPT = Path(__file__).resolve().parents[2] / "tools/verify_draw.py"
NUMBERS = [f"E2026-{n:06d}" for n in range(1, 57)]
SEED = "5a" * 32
numbers = st.sets(st.integers(1, 10**6).map(lambda n: f"E{n}"), min_size=1, max_size=60)


def published(seed: str = SEED, candidates: list[str] | None = None, seats: int = 40) -> dict[str, Any]:
    """Return the file of a right draw, worked out here by hand from docs/draw.md."""
    candidates = candidates or NUMBERS
    order = sorted(candidates, key=lambda n: hashlib.sha256(f"{seed}:{n}".encode()).hexdigest())
    return {
        "version": 1,
        "candidates": candidates,
        "seats": seats,
        "list_hash": hashlib.sha256("".join(n + "\n" for n in sorted(candidates)).encode()).hexdigest(),
        "commitment": hashlib.sha256(seed.encode()).hexdigest(),
        "seed": seed,
        "order": order,
        "drawn": order[:seats],
    }


def verify(tmp_path: Path, content: Any) -> subprocess.CompletedProcess[str]:
    """Run the script on a file with `content`."""
    file = tmp_path / "draw.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return subprocess.run([sys.executable, "-I", str(SCRIPT), str(file)], capture_output=True, text=True, check=False)


@pytest.mark.req("ENR-9")
def test_the_platform_and_a_hand_calculation_agree() -> None:
    by_hand = published()
    places = screening.draw(SEED, NUMBERS, 40)
    assert [p.number for p in places] == by_hand["order"]
    assert [p.number for p in places if p.drawn] == by_hand["drawn"]
    assert [p.position for p in places] == list(range(1, 57))
    assert screening.list_hash(NUMBERS) == by_hand["list_hash"]
    assert screening.commitment_of(SEED) == by_hand["commitment"]


@pytest.mark.req("ENR-9")
@given(candidates=numbers, seats=st.integers(0, 70))
def test_the_order_depends_on_seed_and_numbers_alone(candidates: set[str], seats: int) -> None:
    one = screening.draw(SEED, sorted(candidates), seats)
    other = screening.draw(SEED, sorted(candidates, reverse=True), seats)
    assert one == other
    assert {p.number for p in one} == candidates
    assert sum(p.drawn for p in one) == min(seats, len(candidates))


@pytest.mark.req("ENR-9")
def test_the_script_accepts_a_right_draw(tmp_path: Path) -> None:
    done = verify(tmp_path, published())
    assert (done.returncode, done.stdout) == (0, "Right / 一致: 56 candidates, 40 drawn / 候选 56 人,中签 40 人\n")


@pytest.mark.req("ENR-9")
@pytest.mark.parametrize(
    "change",
    [
        {"seed": "00" * 32},
        {"candidates": NUMBERS[1:]},
        {"candidates": [*NUMBERS, NUMBERS[0]]},
        {"order": sorted(NUMBERS)},
        {"drawn": published()["order"][1:41]},
        {"list_hash": "0" * 64},
        {"commitment": "0" * 64},
        {"seats": 41},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_script_sees_every_tampering(tmp_path: Path, change: dict[str, Any]) -> None:
    done = verify(tmp_path, published() | change)
    assert done.returncode == 1
    assert done.stdout.startswith("WRONG / 不一致: ")


@pytest.mark.req("ENR-9")
@pytest.mark.parametrize("content", ["no json", "[]", {"version": 2}, {"version": 1}, published() | {"seed": None}])
def test_the_script_says_when_a_file_is_no_draw(tmp_path: Path, content: Any) -> None:
    assert verify(tmp_path, content).returncode == 2


@pytest.mark.req("ENR-8")
def test_enough_seats_need_no_draw() -> None:
    with pytest.raises(Conflict) as refused:
        screening.check_freeze(40, 40, undecided=3)
    assert [p.code for p in refused.value.problems] == ["no_draw_needed", "reviews_under_way"]
    screening.check_freeze(41, 40, undecided=0)


@pytest.mark.req("ENR-8")
def test_a_freeze_before_the_deadline_or_without_a_seat_is_refused() -> None:
    with pytest.raises(Conflict) as refused:
        screening.check_freeze(3, 0, undecided=2, deadline=datetime(2026, 3, 15, 9, tzinfo=UTC))
    assert [p.code for p in refused.value.problems] == ["too_early", "no_seat_left", "reviews_under_way"]
    assert "2026-03-15 17:00" in str(refused.value)


def _check(**changes: Any) -> None:
    right: dict[str, Any] = {
        "frozen": True, "drawn": False, "numbers": NUMBERS, "published_hash": screening.list_hash(NUMBERS),
        "seed": SEED, "promise": screening.commitment_of(SEED),
    }  # fmt: skip
    screening.check_draw(**(right | changes))


@pytest.mark.req("ENR-8", "ENR-9")
@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"frozen": False}, ["not_frozen"]),
        ({"drawn": True}, ["already_drawn"]),
        ({"numbers": NUMBERS[1:]}, ["list_changed"]),
        ({"seed": "11" * 32}, ["seed_changed"]),
        ({"numbers": NUMBERS[1:], "seed": "11" * 32}, ["list_changed", "seed_changed"]),
    ],
)
def test_a_draw_needs_a_freeze_happens_once_and_keeps_its_promises(changes: dict[str, Any], codes: list[str]) -> None:
    with pytest.raises(Conflict) as refused:
        _check(**changes)
    assert [p.code for p in refused.value.problems] == codes
    _check()


@pytest.mark.req("ENR-9")
def test_seeds_are_fresh_and_hidden_by_their_commitment() -> None:
    seeds = {screening.new_seed() for _ in range(50)}
    assert len(seeds) == 50
    assert all(len(seed) == 64 and seed not in screening.commitment_of(seed) for seed in seeds)


@pytest.mark.req("ENR-8", "ENR-9")
def test_ten_thousand_draws_are_fair() -> None:
    """Chi-square over which of ten candidates are drawn for three seats, and over who comes first (R5).

    With seeds counted up the result never changes from run to run; the bound is the 99.9 % quantile for nine degrees.
    """
    names, draws, seats = [f"E{n}" for n in range(10)], 10_000, 3
    drawn, first = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for round_number in range(draws):
        places = screening.draw(hashlib.sha256(str(round_number).encode()).hexdigest(), names, seats)
        first[places[0].number] += 1
        for place in places[:seats]:
            drawn[place.number] += 1
    assert _chi_square(first, draws / 10) < 27.88
    # Three seats are drawn without putting back, which lowers the spread by (n - k) / (n - 1) = 7 / 9.
    assert _chi_square(drawn, draws * seats / 10) * 9 / 7 < 27.88


@pytest.mark.req("R5")
def test_places_go_with_neither_number_nor_order_of_enrolling() -> None:
    """Spearman's correlation between the numbers' own order and the drawn one, over 4,000 draws of twenty.

    The mean of so many has a standard deviation of 1 / √(19 · 4,000) = 0.0036; the bound is 3.3 of them (99.9 %).
    """
    names, draws = [f"E{n:03d}" for n in range(20)], 4_000
    total = 0.0
    for round_number in range(draws):
        seed = hashlib.sha256(f"order {round_number}".encode()).hexdigest()
        places = {place.number: place.position for place in screening.draw(seed, names, 5)}
        distance = sum((places[name] - rank) ** 2 for rank, name in enumerate(names, 1))
        total += 1 - 6 * distance / (20 * (20**2 - 1))
    assert abs(total / draws) < 0.012


def _chi_square(counts: dict[str, int], expected: float) -> float:
    return sum((count - expected) ** 2 / expected for count in counts.values())
