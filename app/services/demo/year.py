"""Chapters seven and eight in one: the catalogue of all batches, then who enrolled in it."""

from __future__ import annotations

from app.services.demo import catalogue, enrolling
from app.services.demo.making import Making


def load(making: Making) -> None:
    """Add programmes, classes, enrollments, draws, and the ledger of every move."""
    enrolling.load(making, catalogue.load(making))
