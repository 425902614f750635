"""What was missed as a file for a meeting: no name, no number, no text of anybody; each file is written down."""

from typing import Any

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from web.ground import looks, rules
from web.ground.formats import number, word
from web.ground.language import gettext
from web.ground.looks import Desk
from web.oversight import missed_list
from workflow.lists import missed
from workflow.lists.missed import MOST
from workflow.seeing import access_log
from workflow.spreadsheet import Cell, as_csv, as_xlsx
from workflow.vocabulary import Cause, Look, MissCode, Role, Verdict

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
managers = rules.only(Role.MANAGER)


def register(app: Flask) -> None:
    """The same list as on the page, as `/missede.csv` and `/missede.xlsx`."""

    @app.get("/missede.csv")
    @managers
    def missed_csv() -> ResponseReturnValue:
        with looks.looking("missed_csv") as desk:
            text = as_csv([title for title, _ in columns()], _cells(desk))
        return _file("\ufeff" + text, "text/csv", "missede.csv")

    @app.get("/missede.xlsx")
    @managers
    def missed_xlsx() -> ResponseReturnValue:
        with looks.looking("missed_xlsx") as desk:
            titles = gettext("Missed"), gettext("Glossary")
            book = as_xlsx(titles, [title for title, _ in columns()], _cells(desk), glossary())
        return _file(book, XLSX, "missede.xlsx")


def _file(content: str | bytes, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=kind, headers=headers)


def columns() -> list[tuple[str, str]]:
    """The columns of a file, each with what it means (domain/quality.md 5.1)."""
    return [
        (gettext("Number"), gettext("Leads to the miss, for who may see it. It says nothing of the citizen.")),
        (gettext("Due"), gettext("When it had to be done at the latest. Danish time.")),
        (gettext("Code"), gettext("M1 to M6: what was missed.")),
        (gettext("What"), gettext("The code in words.")),
        (gettext("About"), gettext("The task, or the transition that the handover belongs to.")),
        (gettext("Owed by"), gettext("The unit that had to do it.")),
        (gettext("Organisation"), gettext("Of the unit that had to do it.")),
        (gettext("Responsible then"), gettext("The unit that had the responsibility when it was missed.")),
        (gettext("Reminders"), gettext("How many had been sent when it was missed.")),
        (gettext("Attempts"), gettext("How often somebody had tried when it was missed. None: nobody tried.")),
        (gettext("Last outcome"), gettext("How the last of those attempts went.")),
        (gettext("Done"), gettext("When it was done all the same. Empty: it was not.")),
        (gettext("Minutes late"), gettext("From the due time until it was done.")),
        (gettext("Verdict"), gettext("Whether it counts in the statistics. The row is never removed.")),
        (gettext("Review"), gettext("Open, or closed when cause and learning are written down.")),
        (gettext("Cause"), gettext("One of eight, chosen by the managers who reviewed it.")),
        (gettext("Reported"), gettext("Whether it was reported as an adverse event. Empty: nobody has said.")),
    ]  # fmt: skip


def glossary() -> list[tuple[str, str]]:
    """What every column and every word of a file means."""
    most = gettext("At most %(most)s rows, the last due first. A shorter period gives a shorter file.")
    return [
        *columns(),
        (gettext("Size"), most % {"most": number(MOST)}),
        *((code.value, word(code)) for code in MissCode),
        *((word(f"verdict:{verdict}"), _meaning(verdict)) for verdict in Verdict),
        *((word(f"cause:{cause}"), gettext("A cause that a review can find.")) for cause in Cause),
    ]


def _meaning(verdict: Verdict) -> str:
    return {
        Verdict.STANDS: gettext("It was missed."),
        Verdict.EXCUSED: gettext("It turned out to be in time, or a manager has excused it with a reason."),
        Verdict.EXCLUDED: gettext("It should not be counted: a death, a cancellation, or a manager's reason."),
    }[verdict]


def _cells(desk: Desk) -> list[list[Cell]]:
    """The rows that are asked for, with the look written down. Raises Invalid."""
    found = missed.rows(desk.session, desk.seen, missed_list.asked(desk).wanted)
    access_log.write(
        desk.session, Look.EXPORT, desk.visit, by=desk.by, citizens=sorted({row.citizen_id for row in found}),
        episodes=sorted({row.episode_id for row in found}),
        related=all(not desk.seen.units.isdisjoint(row.related) for row in found),
    )  # fmt: skip
    return [_row(row) for row in found]


def _row(row: Row[Any]) -> list[Cell]:
    late = row.made_good_at - row.due_at if row.made_good_at is not None else None
    return [
        str(row.uuid), row.due_at, row.code.value, word(row.code), word(row.about) if row.about else None, row.owing,
        row.organisation, row.responsible, row.reminders, row.attempts,
        word(f"outcome:{row.last_outcome}") if row.last_outcome else None, row.made_good_at,
        int(late.total_seconds() // 60) if late is not None else None, word(f"verdict:{row.verdict}"),
        gettext("closed") if row.closed else gettext("open"), word(f"cause:{row.cause}") if row.cause else None,
        None if row.reported is None else gettext("yes") if row.reported else gettext("no"),
    ]  # fmt: skip
