"""What an organisation says in its own words. Rows are added, never changed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from workflow.db import Base, Note, RowNumber, reference
from workflow.vocabulary import Language


class Wording(Base):
    """What a text of `workflow.telling.texts` says to the units of one organisation, from `written_at` until the next.

    Without a `text` it says again what Overgang came with.
    """

    __tablename__ = "wordings"
    __table_args__ = (
        Index("ix_wordings_organisation_id", "organisation_id", "code", "language", "id"),
        CheckConstraint("text <> ''", name="says_something"),
    )

    id: Mapped[RowNumber]
    organisation_id: Mapped[int] = reference("organisations")
    code: Mapped[str]
    language: Mapped[Language]
    text: Mapped[Note | None]
    written_at: Mapped[datetime]
    written_by: Mapped[str]
