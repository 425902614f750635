"""Rows as a file that a spreadsheet opens: CSV as Danish Excel expects it, or XLSX with the words explained."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from workflow import calendar

Cell = str | int | datetime | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Semicolons; times as Danes read them. A cell that a spreadsheet would take for a formula is marked as text."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=";")
    table.writerow(columns)
    table.writerows([_plain(cell) for cell in row] for row in rows)
    return written.getvalue()


def _plain(cell: Cell) -> str | int:
    if isinstance(cell, datetime):
        return f"{calendar.local(cell):%d.%m.%Y %H:%M:%S}"
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell


def as_xlsx(
    titles: tuple[str, str], columns: Sequence[str], rows: Iterable[Sequence[Cell]], words: Iterable[tuple[str, str]]
) -> bytes:
    """Two sheets with these titles: the rows, and the words with what they mean. Danish times; nothing is a formula."""
    written = io.BytesIO()
    with Workbook(written, {"in_memory": True}) as book:
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        moment = book.add_format({"num_format": "dd-mm-yyyy hh:mm"})
        sheet = book.add_worksheet(titles[0])
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, 20)
        for column, title in enumerate(columns):
            sheet.write_string(0, column, title, heading)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, column, calendar.local(cell).replace(tzinfo=None), moment)
                elif isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                elif cell is not None:
                    sheet.write_string(number, column, cell)
        _explain(book.add_worksheet(titles[1]), words)
    return written.getvalue()


def _explain(sheet: Worksheet, words: Iterable[tuple[str, str]]) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 110)
    for number, (word, meaning) in enumerate(words):
        sheet.write_string(number, 0, word)
        sheet.write_string(number, 1, meaning)
