"""A sheet that writes a whole row at once: xlsxwriter keeps, looks up and formats each cell by itself (B5).

Nothing of a row is looked at again here, so its cells become XML in one go. Texts are always texts: xlsxwriter in
constant memory takes one that looks like its own rich text for markup, and writes it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

Value = str | int | float | Decimal | date | None
MOST_CHARACTERS = 32_767  # in one cell, counted as Excel does: some signs are two
EXACT = 10**15  # whole numbers from here on lose digits in Excel: written as text
MOST_DAYS = 50_000  # whose serial numbers are remembered
_SPECIAL = re.compile(r"[&<>\x00-\x1f\ufffe\uffff]|_x[0-9a-fA-F]{4}_|^\s|\s\Z")


class RowSheet(Worksheet):
    """A worksheet of a workbook in constant memory, with rows of values below what is written cell by cell."""

    def use_formats(self, *, text: Any, day: Any, moment: Any) -> None:
        """Say how texts, days and moments look; before the first row."""
        styles = [f'" s="{each._get_xf_index()}"' for each in (text, day, moment)]
        self._text, self._day, self._moment = (
            f'{styles[0]} t="inlineStr"><is><t',
            f"{styles[1]}><v>",
            f"{styles[2]}><v>",
        )
        self._letters: list[str] = []
        self._days: dict[date, str] = {}

    def write_values(self, row: int, values: Sequence[Value]) -> None:
        """Write row `row`, counted from 0; rows come in order, and empty cells are left out."""
        self._write_single_row(row)  # what was written cell by cell before
        while len(self._letters) < len(values):
            self._letters.append(f'<c r="{xl_col_to_name(len(self._letters))}')
        self._check_dimensions(row, max(len(values) - 1, 0))
        number = str(row + 1)
        cells = [
            f"{letter}{number}{self._content(value)}"
            for letter, value in zip(self._letters, values, strict=False)
            if value is not None and value != ""
        ]
        self.fh.write(f'<row r="{number}">{"".join(cells)}</row>')

    def _xml_rich_inline_string(self, string: str, attributes: Any = ()) -> None:
        """Write a text that looks like rich text as the text it is."""
        self._xml_inline_string(string, True, attributes)

    def _content(self, value: Value) -> str:
        """Return the rest of the cell, from behind its address."""
        if type(value) is str:  # asked first: most cells are text
            if len(value) > MOST_CHARACTERS // 2 or _SPECIAL.search(value):
                return self._special(value)
            return f"{self._text}>{value}</t></is></c>"
        if isinstance(value, datetime):
            return f"{self._moment}{self._serial(value)}</v></c>"
        if isinstance(value, date):
            if value not in self._days and len(self._days) < MOST_DAYS:
                self._days[value] = self._serial(value)
            return f"{self._day}{self._days.get(value) or self._serial(value)}</v></c>"
        if is_exact_number(value):
            return f'"><v>{value:.16G}</v></c>'
        return self._content(str(value))

    def _serial(self, value: date) -> str:
        return f"{self._convert_date_time(value):.16G}"

    def _special(self, value: str) -> str:
        """Return a text with signs that mean something in XML or to Excel, or with blanks at an end."""
        shown = self._escape_data(self._escape_control_characters(cut(value)))
        return f'{self._text} xml:space="preserve">{shown}</t></is></c>'


def is_exact_number(value: Value) -> bool:
    """Tell whether Excel keeps the value as a number with all its digits."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and abs(float(value)) < EXACT


def cut(text: str) -> str:
    """Return as much of a text as a cell holds; a dash of dots tells that there was more."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_CHARACTERS:
        return text
    return units[: 2 * (MOST_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"
