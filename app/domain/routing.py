"""Which bureau reviews: the lowest common superior of the target regions that has an account (PRG-4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.domain.errors import Invalid, problem
from app.domain.regions import ancestors, level_of, lowest_common
from app.domain.terms import Checkpoint, RegionLevel
from app.domain.text import N_


def reviewing_region(targets: Iterable[str], has_account: Callable[[str], bool]) -> str:
    """Return the path of the region whose bureau reviews a programme for the `targets` (paths).

    One node → its bureau; several → their lowest common superior; a city with its own counties → the city; a bureau
    `has_account` denies → the next superior. Raises `Invalid` without targets or without any bureau on the way up.
    """
    common = lowest_common(targets)
    if common is None:
        raise Invalid(problem("no_targets", N_("Choose at least one target region."), field="target_regions"))
    for path in ancestors(common):
        if has_account(path):
            return path
    text = N_("No bureau above the target regions has an account. Ask the province to create one.")
    raise Invalid(problem("no_reviewing_bureau", text, field="target_regions"))


_CHECKPOINT_LEVEL = {
    Checkpoint.COUNTY: RegionLevel.COUNTY,
    Checkpoint.CITY: RegionLevel.CITY,
    Checkpoint.PROVINCE: RegionLevel.PROVINCE,
}


def checkpoint_region(checkpoint: Checkpoint, school_path: str, has_account: Callable[[str], bool]) -> str | None:
    """Return the region whose bureau approves an enrollment from a school at `school_path` (PRG-5, ENR-6).

    None without a checkpoint. A school above the checkpoint's level (a provincial school, a county checkpoint) is
    reviewed by its own region's bureau; a bureau without an account passes on to the next superior.
    """
    level = _CHECKPOINT_LEVEL.get(checkpoint)
    if level is None:
        return None
    way_up = ancestors(school_path)
    at_level = [path for path in way_up if level_of(path) is level] or [way_up[0]]
    return reviewing_region(at_level, has_account)
