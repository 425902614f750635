"""Lists a page at a time: a cursor says after which row the next page begins, and means nothing to who carries it."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from pydantic import Field

from web.api.models import Given, Query
from workflow.errors import Invalid
from workflow.lists.listing import ByTime

MOST = 100  # rows of a page
Item = TypeVar("Item", bound=Given)
Row = TypeVar("Row")


class Paged(Query):
    """Which page of a list. Take `cursor` from the `next` of the page before."""

    limit: int = Field(default=50, ge=1, le=MOST)
    cursor: str | None = Field(default=None, max_length=200)

    @property
    def one_more(self) -> int:
        """How many rows to read, to know whether there is a next page."""
        return self.limit + 1

    @property
    def number(self) -> int | None:
        """Where a list by number goes on. Raises Invalid."""
        return None if self.cursor is None else _read(self.cursor)[1]

    @property
    def time(self) -> ByTime | None:
        """Where a list by time goes on. Raises Invalid."""
        if self.cursor is None:
            return None
        at, number = _read(self.cursor)
        if at is None:
            raise Invalid("no_such_page")
        return at, number


class OfUnit(Paged):
    """Whose list: a unit that the token sees; the one that it acts in where none is named."""

    unit: UUID | None = None


class Page(Given, Generic[Item]):
    """One page of a list. `next` is the address of the next one; null on the last."""

    items: list[Item]
    next: str | None


def page(
    rows: Sequence[Row], asked: Paged, write: Callable[[Row], Item], after: Callable[[Row], tuple[datetime | None, int]]
) -> Page[Item]:
    """The page of these rows, which are one more than its limit where there is a next one."""
    shown = rows[: asked.limit]
    following = None
    if len(rows) > asked.limit:
        kept = {name: value for name, value in request.args.items() if name != "cursor"}
        following = f"{request.path}?{urlencode({**kept, 'cursor': _written(*after(shown[-1]))})}"
    return Page(items=[write(row) for row in shown], next=following)


def _written(time: datetime | None, number: int) -> str:
    said = f"{time.isoformat() if time is not None else ''}|{number}"
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime | None, int]:
    """Raises Invalid. Whoever makes a cursor up begins elsewhere in what they may see, and sees no more."""
    try:
        time, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition("|")
        at, last = datetime.fromisoformat(time) if time else None, int(number)
    except ValueError as error:  # also what is no base64, and no text
        raise Invalid("no_such_page") from error
    if not 0 <= last < 2**63 or (at is not None and at.tzinfo is None):
        raise Invalid("no_such_page")
    return at, last
