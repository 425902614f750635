"""What a text says to the units of an organisation at a time: in their own words, or in Overgang's."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.sentences import readable
from workflow.tables import Notice, Unit, Wording
from workflow.telling import texts
from workflow.telling.texts import Blank, Text
from workflow.vocabulary import Language


@dataclass
class Book:
    """The wordings that were asked for, each text's oldest first."""

    _rows: dict[tuple[int, str, Language], list[Wording]] = field(default_factory=dict)

    def add(self, rows: Iterable[Wording]) -> None:
        for row in rows:
            self._rows.setdefault((row.organisation_id, row.code, row.language), []).append(row)

    def try_out(self, organisation_id: int, text: Text, language: Language, wording: str, *, at: datetime) -> None:
        """Take in a wording that nobody has written yet."""
        self.add(
            [Wording(organisation_id=organisation_id, code=text.code, language=language, text=wording, written_at=at)]
        )

    def of(self, organisation_id: int, text: Text, language: Language) -> Sequence[Wording]:
        """Every wording of a text there, the oldest first."""
        return self._rows.get((organisation_id, text.code, language), [])

    def own(self, organisation_id: int, text: Text, language: Language, *, at: datetime | None = None) -> str | None:
        """Their own words at `at` (None: the newest); None where they have none."""
        rows = [row for row in self.of(organisation_id, text, language) if at is None or row.written_at <= at]
        return rows[-1].text if rows else None

    def says(self, organisation_id: int, text: Text, language: Language, *, at: datetime | None = None) -> str:
        """What the text says there at `at` (None: now), its blanks not filled in."""
        return self.own(organisation_id, text, language, at=at) or text.shipped(language)

    def line(self, notice: Notice, unit: Unit, language: Language) -> str:
        """A notice in one line, as it was worded when it was written."""
        text = texts.line(notice.topic)
        wording = self.says(unit.organisation_id, text, language, at=notice.written_at)
        return text.filled(wording, language, _about(notice, unit, language))

    def letter(self, text: Text, notice: Notice, unit: Unit, *, link: str) -> str:
        """A part of the letter about a notice, as it was worded when the notice was written. Letters are in Danish."""
        danish = Language.DANISH
        values = _about(notice, unit, danish) | {
            Blank.LINE: self.line(notice, unit, danish), Blank.KIND: texts.KINDS[notice.kind], Blank.LINK: link,
        }  # fmt: skip
        return text.filled(self.says(unit.organisation_id, text, danish, at=notice.written_at), danish, values)


def _about(notice: Notice, unit: Unit, language: Language) -> dict[Blank, str]:
    return {Blank.UNIT: unit.name, Blank.TIME: readable(notice.written_at, language)}


def read(
    session: Session, organisations: Collection[int], codes: Collection[str], languages: Sequence[Language]
) -> Book:
    """The wordings of these texts there, in one statement."""
    book = Book()
    book.add(
        session.scalars(
            select(Wording)
            .where(
                Wording.organisation_id.in_(organisations), Wording.code.in_(codes), Wording.language.in_(languages)
            )
            .order_by(Wording.id)
        )
    )  # fmt: skip
    return book
