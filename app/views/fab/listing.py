"""One page of a list, ready for its template: columns, rows, filters, chips and links that keep the URL shareable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import request
from markupsafe import Markup

from app.domain.numbers import number_of

PAGE_SIZES = (10, 25, 50, 100, 200)
DEFAULT_SIZE = 25
KEPT = 200  # characters of a filter value that are looked at


@dataclass(frozen=True)
class Asked:
    """What the URL asks of a list, made safe: filters by name, order, page, size."""

    filters: dict[str, str]
    order: str
    descending: bool
    page: int
    size: int
    columns: str = ""  # as the address names them; empty: those remembered or declared

    @classmethod
    def from_request(cls, filter_names: list[str], order_columns: list[str], prefix: str = "") -> Asked:
        """Read the URL; whatever means nothing falls back to the default, nothing raises."""
        given = {name: request.args.get(prefix + name, "").strip()[:KEPT] for name in filter_names}
        order = request.args.get(f"{prefix}order", "")
        descending, order = order.startswith("-"), order.removeprefix("-")
        size, page = (number_of(request.args.get(prefix + name), digits=8) for name in ("size", "page"))
        return cls(
            filters={name: value for name, value in given.items() if value},
            order=order if order in order_columns else "",
            descending=descending,
            page=page or 1,
            size=size if size in PAGE_SIZES else DEFAULT_SIZE,
            columns=",".join(request.args.getlist(f"{prefix}cols"))[:KEPT],
        )

    def url(self, **changes: Any) -> str:
        """Return this page's address with some of what is asked changed."""
        order = f"-{self.order}" if self.descending else self.order
        state: dict[str, Any] = {**self.filters, "order": order, "page": self.page, "size": self.size}
        state |= {"cols": self.columns, **changes}
        plain = {"page": 1, "size": DEFAULT_SIZE, "order": ""}
        return "?" + urlencode({n: v for n, v in state.items() if v not in ("", None) and plain.get(n) != v})


@dataclass(frozen=True)
class ListColumn:
    """A column head."""

    name: str
    label: str
    sortable: bool
    direction: str
    sort_url: str


@dataclass(frozen=True)
class ListRow:
    """A row: its cells and what may be done with it."""

    pk: Any
    title: str
    cells: list[Markup]
    url_show: str | None
    url_edit: str | None
    url_delete: str | None


@dataclass(frozen=True)
class Control:
    """A filter as the bar shows it."""

    param: str
    label: str
    kind: str
    value: str
    value_label: str
    choices: list[tuple[str, str]]
    url: str


@dataclass(frozen=True)
class Chip:
    """A filter in force."""

    label: str
    value: str
    remove_url: str


@dataclass(frozen=True)
class RowAction:
    """Something that can be done with the chosen rows."""

    name: str
    text: str
    icon: str
    confirmation: str
    multiple: bool
    url: str


@dataclass(frozen=True)
class Listing:
    """Everything the list template shows."""

    columns: list[ListColumn]
    rows: list[ListRow]
    count: int
    asked: Asked
    actions: list[RowAction]
    controls: list[Control]
    chips: list[Chip]
    url_add: str | None
    url_export: str | None
    empty_text: str
    tools: dict[str, Any] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.count // self.asked.size))

    @property
    def page(self) -> int:
        """The page shown, from 1."""
        return min(self.asked.page, self.pages)

    @property
    def first(self) -> int:
        """The number of the first row shown, 0 when there is none."""
        return (self.page - 1) * self.asked.size + 1 if self.count else 0

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return min(self.page * self.asked.size, self.count)

    @property
    def page_url(self) -> Callable[[int], str]:
        """The address of another page."""
        return lambda number: self.asked.url(page=number)

    @property
    def size_urls(self) -> list[tuple[int, str]]:
        """The addresses for other page sizes."""
        return [(size, self.asked.url(size=size, page=1)) for size in PAGE_SIZES]

    @property
    def shown_pages(self) -> list[int | None]:
        """Page numbers around the present one; None stands for a gap."""
        near = {1, self.pages, *range(max(1, self.page - 2), min(self.pages, self.page + 2) + 1)}
        shown: list[int | None] = []
        for number in sorted(near):
            if shown and isinstance(shown[-1], int) and number - shown[-1] > 1:
                shown.append(None)
            shown.append(number)
        return shown


def pager_of(count: int, asked: Asked, controls: Sequence[Control] = (), chips: Sequence[Chip] = ()) -> Listing:
    """Return what page numbers and filters of a page with rows of its own need."""
    return Listing([], [], count, asked, [], list(controls), list(chips), None, None, "")
