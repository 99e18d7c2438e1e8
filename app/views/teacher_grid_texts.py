"""What the script of the grid says, and the keys its help lists."""

from __future__ import annotations

from flask_babel import gettext as _


def script_texts() -> dict[str, str]:
    """Return the texts of the script by name; it fills in the {places}."""
    return {**_words(), **_counts(), **_sentences()}


def _words() -> dict[str, str]:
    return {
        "gridLabel": _("Grid of teachers"),
        "comma": _(", "),
        "empty": _("(empty)"),
        "required": _("(required)"),
        "wrong": _("Wrong"),
        "column": _("Field"),
        "was": _("Before"),
        "theirs": _("Theirs"),
        "mine": _("Mine"),
        "allMine": _("Mine everywhere"),
        "allTheirs": _("Theirs everywhere"),
        "takeChoice": _("Take this choice"),
        "newTeacher": _("New teacher"),
        "addTeacher": _("Add a teacher"),
        "lockedShort": _("read only"),
        "mark_conflict": _("Changed by somebody else"),
        "mark_invalid": _("To mend"),
        "mark_new": _("New"),
        "mark_changed": _("Changed"),
        "mark_saved": _("Saved"),
        "checking": _("Checking"),
        "unchecked": _("Not checked yet; it is done when you save."),
        "saving": _("Saving"),
        "undone": _("Undone"),
        "redone": _("Done again"),
        "typeWhole": _("Type it whole"),
    }


def _counts() -> dict[str, str]:
    return {
        "rowName": _("Row {number} {name}"),
        "before": _("Before: {value}"),
        "changedRows": _("{count} rows changed"),
        "wrongCells": _("{count} cells to mend"),
        "conflictRows": _("{count} rows changed by somebody else"),
        "nothingChanged": _("Nothing changed"),
        "chosenCells": _("{count} cells chosen"),
        "errorsTitle": _("To mend: {count}"),
        "moreErrors": _("{count} more; mend these first."),
        "moreChoices": _("{count} more, type on"),
        "found": _("{at} of {count}"),
        "bulkRows": _("{count} rows will be set; Ctrl+Z takes it back."),
        "pasted": _("Pasted {rows} rows, {cells} cells changed."),
        "savedRows": _("{count} rows saved."),
    }


def _sentences() -> dict[str, str]:
    return {
        "moreRows": _("The filter finds {count} teachers; the first {most} are shown. Narrow it to edit the others."),
        "locked": _("This cell cannot be changed here: school and status change by a transfer."),
        "lockedCells": _("{count} cells are read only and stayed as they were."),
        "columnsLost": _("{count} columns of the block lie beyond the last column and were left out."),
        "rowsLost": _("{count} rows did not fit: the grid takes at most {most} new rows. Use the import for more."),
        "nothingSaved": _("Nothing was saved: {count} rows have to be mended first."),
        "conflictTold": _("{count} rows were changed by somebody else meanwhile; choose what is to stay."),
        "validTitle": _("Save the valid rows"),
        "validQuestion": _("{count} rows will be saved; {wrong} rows with errors stay here unsaved."),
        "validButton": _("Save them"),
    }


def key_help() -> list[tuple[list[str], str]]:
    """Return keys and what they do."""
    return [
        (["↑", "↓", "←", "→"], _("Move")),
        (["Tab", "Enter"], _("Next cell; edit, then down")),
        (["F2"], _("Edit what is in the cell")),
        (["Esc"], _("Give up editing; leave the grid")),
        (["Delete"], _("Clear the chosen cells")),
        (["Shift", "↑↓←→"], _("Choose several cells")),
        (["Ctrl", "A"], _("Choose everything")),
        (["Ctrl", "C"], _("Copy")),
        (["Ctrl", "V"], _("Paste a block from a spreadsheet")),
        (["Ctrl", "D"], _("Fill down")),
        (["Ctrl", "Enter"], _("Write into all chosen cells")),
        (["Ctrl", "Z"], _("Undo")),
        (["Ctrl", "Y"], _("Redo")),
        (["Ctrl", "F"], _("Find in the grid")),
        (["Ctrl", "S"], _("Save all")),
        (["F8"], _("Next error")),
        (["Home", "End"], _("First and last column")),
        (["Ctrl", "Home"], _("First cell")),
        (["?"], _("These keys")),
    ]
