"""Sentences reviewers need again and again: offered beside the free text wherever a reason is asked for (ENR-5)."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.state_shapes import Party
from app.domain.text import N_

PHRASES: Mapping[Party, tuple[str, ...]] = {
    Party.SCHOOL: (
        N_("Needed at school on these days"),
        N_("Too many teachers of this subject would be away on the same days"),
        N_("Another class fits the post or the subject better"),
        N_("The hours of this year are enough already"),
        N_("Not agreed with the school beforehand"),
    ),
    Party.BUREAU: (
        N_("Not part of this region's plan for the year"),
        N_("The region's places for this class are used up"),
        N_("The teacher does not meet the conditions of the class"),
    ),
    Party.INSTITUTION: (
        N_("The teacher does not meet the conditions of the class"),
        N_("Has taken part in the same training before"),
        N_("The record of the teacher is incomplete or wrong"),
    ),
}
