"""The demo province: real regions, invented people and organisations, the same for the same seed and day.

Every person here is made up; the ID numbers have valid check digits and belong to nobody known.
"""

from __future__ import annotations

from app.services.demo.cast import accounts
from app.services.demo.loading import is_empty, load
from app.services.demo.making import SIZES, Making

__all__ = ["SIZES", "Making", "accounts", "is_empty", "load"]
