"""Finding a citizen by number, name or telephone, among those whom one has a relation to; and each search is noted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session, contains_eager

from workflow import citizens, texts
from workflow.cpr import Cpr
from workflow.errors import Invalid
from workflow.seeing import access_log
from workflow.seeing.access_log import Visit
from workflow.seeing.sight import Sight
from workflow.tables import Episode
from workflow.vocabulary import Look

MOST = 50
SHORTEST = 2  # letters of a name
_DIGITS = 8  # of a Danish telephone number
_PHONE = re.compile("[0-9+()/]+")
_FOLDED = str.maketrans("äöéèëêüáàóôíñç_", "æøeeeeuaaooinc ")  # as words_of in the database
_FOUND = text("select citizens_found(cast(:words as tsquery), cast(:digits as text), :most)")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found: what is open first, then the newest. `cpr` is set when a full number was typed."""

    episodes: Sequence[Episode]
    cpr: Cpr | None = None
    more: bool = False  # than are shown

    @property
    def open(self) -> list[Episode]:
        return [episode for episode in self.episodes if episode.closed_at is None]

    @property
    def closed(self) -> list[Episode]:
        return [episode for episode in self.episodes if episode.closed_at is not None]


def find(session: Session, sight: Sight, typed: str, *, visit: Visit) -> Found:
    """Everybody whom `typed` may mean and this actor may see: a full CPR number, words of a name, or eight digits.

    A number that nobody has and one whose citizen they have no relation to are answered alike. Raises Invalid.
    """
    number = _number(typed)
    if number is not None:
        citizen = citizens.find(session, number)
        shown = _episodes(session, sight, [citizen.id] if citizen is not None else [])
    else:
        shown = _episodes(session, sight, _matching(session, typed))
    found = Found(episodes=shown[:MOST], cpr=number, more=len(shown) > MOST)
    access_log.write(
        session, Look.SEARCH, visit, by=sight.actor, citizens=sorted({one.citizen_id for one in found.episodes}),
        episodes=[one.id for one in found.episodes], related=all(map(sight.has_relation, found.episodes)),
        criterion=number.value if number is not None else typed,
    )  # fmt: skip
    return found


def _number(typed: str) -> Cpr | None:
    try:
        return Cpr.parse(typed)
    except Invalid:
        return None


def _matching(session: Session, typed: str) -> list[int]:
    typed = texts.clean(typed)
    digits = re.sub(r"\D", "", typed)
    if _PHONE.fullmatch(texts.joined(typed)):
        if len(digits) < _DIGITS:
            raise Invalid("search_for_more")
        asked = {"words": None, "digits": digits[-_DIGITS:]}
    else:
        words = re.findall(r"\w+", typed.lower().replace("aa", "å").translate(_FOLDED))
        if not any(len(word) >= SHORTEST for word in words):
            raise Invalid("search_for_more")
        asked = {"words": " & ".join(f"'{word}':*" for word in words), "digits": None}
    return list(session.scalars(_FOUND, {**asked, "most": MOST + 1}))


def _episodes(session: Session, sight: Sight, numbers: list[int]) -> list[Episode]:
    query = (
        select(Episode)
        .join(Episode.citizen)
        .where(Episode.citizen_id.in_(numbers), sight.visible())
        .options(contains_eager(Episode.citizen))
        .order_by(Episode.closed_at.is_(None).desc(), Episode.opened_at.desc())
        .limit(MOST + 1)
    )
    return list(session.scalars(query))
