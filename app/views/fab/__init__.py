"""Every bend of the framework, in one place; generated screens inherit `RecordView`, custom pages `PageView`."""

from __future__ import annotations

from app.views.fab.counts import Related, WithRelated
from app.views.fab.filters import Filter, choice, contains, date_from, related, subtree, yes_no
from app.views.fab.pages import PageView
from app.views.fab.record import RecordView

__all__ = [
    "Filter",
    "PageView",
    "RecordView",
    "Related",
    "WithRelated",
    "choice",
    "contains",
    "date_from",
    "related",
    "subtree",
    "yes_no",
]
