"""The region tree: province → city → county as paths of codes, and what a set of its nodes covers (ORG-1, ORG-4).

A path is "/330000/330100/330102/": a subtree is a prefix, so no rule and no query ever walks the tree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.errors import Invalid, Problem, problem
from app.domain.terms import RegionLevel
from app.domain.text import N_, LabelledEnum, Text

SEPARATOR = "/"
LEVELS = tuple(RegionLevel)
MOST_CHARACTERS = 50  # of a name


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One line of a region list: six-digit code, name, level as stored, code of the superior ("" for the province).

    `line` is where it stands in its file, 0 for a row that stands in none.
    """

    code: str
    name: str
    level: str
    parent_code: str = ""
    line: int = field(default=0, compare=False)


def path_of(codes: Sequence[str]) -> str:
    """Return the path of the node whose superiors and own code are `codes`, from the top."""
    return SEPARATOR + "".join(code + SEPARATOR for code in codes)


def codes_of(path: str) -> tuple[str, ...]:
    """Return the codes along `path`, from the province down."""
    return tuple(part for part in path.split(SEPARATOR) if part)


def level_of(path: str) -> RegionLevel:
    """Return the level of the node at `path`; raise `ValueError` for a path that is too short or too long."""
    depth = len(codes_of(path))
    if not 1 <= depth <= len(LEVELS):
        raise ValueError(f"no region has the path {path!r}")
    return LEVELS[depth - 1]


def superior(path: str) -> str | None:
    """Return the path of the node above `path`, None above the province."""
    codes = codes_of(path)
    return path_of(codes[:-1]) if len(codes) > 1 else None


def ancestors(path: str) -> tuple[str, ...]:
    """Return `path` and everything above it, the nearest first."""
    codes = codes_of(path)
    return tuple(path_of(codes[:depth]) for depth in range(len(codes), 0, -1))


def contains(outer: str, inner: str) -> bool:
    """Say whether the node at `inner` is `outer` or lies below it."""
    return bool(outer) and inner.startswith(outer)


def covers(granted: Iterable[str], path: str) -> bool:
    """Say whether one of the `granted` nodes covers the node at `path`; no node covers nothing (ORG-4)."""
    return any(contains(node, path) for node in granted)


def uncovered(granted: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Return the `wanted` nodes no granted node covers, in the order given (PRG-2).

    A city is not covered by grants for each of its counties: a county founded later would not be among them.
    """
    nodes = tuple(granted)
    return [path for path in wanted if not covers(nodes, path)]


def normalised(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the fewest nodes that cover what `paths` cover, sorted: a superior swallows all below it."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not kept or not contains(kept[-1], path):
            kept.append(path)
    return tuple(kept)


def lowest_common(paths: Iterable[str]) -> str | None:
    """Return the lowest node that contains all of `paths`, None when there is none (or no path at all).

    One node is its own lowest common superior; a city and its own counties meet in the city.
    """
    chains = [codes_of(path) for path in paths]
    shared: list[str] = []
    for step in zip(*chains, strict=False):
        if len(set(step)) > 1:
            break
        shared.append(step[0])
    return path_of(shared) if shared else None


def paths_of(rows: Sequence[RegionRow]) -> dict[str, str]:
    """Return code → path for a whole region list; raise `Invalid` with every problem, one or more per row."""
    found = region_problems(rows)
    if found:
        raise Invalid(found)
    parents = {row.code: row.parent_code for row in rows}
    return {row.code: path_of(_chain(row.code, parents)) for row in rows}


def in_order(rows: Iterable[RegionRow]) -> list[RegionRow]:
    """Return `rows` so that each superior comes before what lies below it, codes ascending within a level."""
    return sorted(rows, key=lambda row: (LEVELS.index(RegionLevel(row.level)), row.code))


def region_problems(rows: Sequence[RegionRow]) -> list[Problem]:
    """Return what is wrong with a region list; `field` of each problem is the row's code (ORG-1)."""
    by_code = {row.code: row for row in rows}
    counts = Counter(row.code for row in rows)
    found: list[Problem] = []
    for row in rows:
        found += _row_problems(row, counts)
        found += _place_problems(row, by_code)
    return found + _root_problems(rows)


def _row_problems(row: RegionRow, counts: Mapping[str, int]) -> list[Problem]:
    found = []
    if not re.fullmatch(r"[1-9][0-9]{5}", row.code):
        found.append(_problem(row, "region_code", N_("Region %(code)s: the code must have six digits.")))
    if len(row.name) > MOST_CHARACTERS:
        text = N_("Region %(code)s: the name may have %(most)d characters; shorten it.")
        found.append(_problem(row, "region_name_long", text, most=MOST_CHARACTERS))
    if not row.name.strip():
        found.append(_problem(row, "region_name", N_("Region %(code)s: enter the name.")))
    if row.level not in LEVELS:
        found.append(_problem(row, "region_level", N_("Region %(code)s: the level must be province, city or county.")))
    if counts[row.code] > 1:
        found.append(_problem(row, "region_twice", N_("Region %(code)s stands in the list more than once.")))
    return found


def _place_problems(row: RegionRow, by_code: Mapping[str, RegionRow]) -> list[Problem]:
    """Check the row's place in the tree, as far as its own level can be read."""
    if row.level not in LEVELS:
        return []
    if row.level == RegionLevel.PROVINCE:
        return (
            [_problem(row, "region_root", N_("Region %(code)s: a province has no superior."))]
            if row.parent_code
            else []
        )
    parent = by_code.get(row.parent_code)
    if parent is None:
        text = N_("Region %(code)s: its superior %(parent)s is not in the list.")
        return [_problem(row, "region_orphan", text, parent=row.parent_code or "—")]
    if _in_circle(row.code, by_code):
        return [_problem(row, "region_circle", N_("Region %(code)s is its own superior, directly or by a detour."))]
    expected = LEVELS[LEVELS.index(RegionLevel(row.level)) - 1]
    if parent.level != expected:
        text = N_("Region %(code)s: a %(level)s lies below a %(expected)s, but %(parent)s is none.")
        words: dict[str, LabelledEnum] = {"level": RegionLevel(row.level), "expected": expected}
        return [_problem(row, "region_depth", text, parent=parent.code, **words)]
    return []


def _in_circle(code: str, by_code: Mapping[str, RegionRow]) -> bool:
    seen = {code}
    at = by_code[code].parent_code
    while at in by_code:
        if at in seen:
            return at == code
        seen.add(at)
        at = by_code[at].parent_code
    return False


def _root_problems(rows: Sequence[RegionRow]) -> list[Problem]:
    roots = [row.code for row in rows if row.level == RegionLevel.PROVINCE]
    if len(roots) == 1:
        return []
    return [
        problem("region_roots", N_("The list must hold exactly one province; it holds %(count)s."), count=len(roots))
    ]


def _chain(code: str, parents: Mapping[str, str]) -> list[str]:
    chain = [code]
    while parents[chain[0]]:
        chain.insert(0, parents[chain[0]])
    return chain


def _problem(row: RegionRow, code: str, msgid: str, **params: Any) -> Problem:
    return Problem(code, Text(msgid, {"code": row.code, "line": row.line, **params}), row.code)
