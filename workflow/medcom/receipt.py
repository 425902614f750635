"""A transmission as it was read, and what became of it: the receipt that its sender gets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from workflow.medcom import acknowledgement, envelope, structure, uris, wire
from workflow.medcom.acknowledgement import Answer
from workflow.medcom.envelope import Envelope
from workflow.medcom.tree import Tree
from workflow.medcom.wire import Format
from workflow.vocabulary import Fate


@dataclass(frozen=True)
class Coming:
    """A transmission that can be read. `received_from` names the credential or folder; `at` is when it came."""

    raw: bytes
    tree: Tree
    outside: Envelope
    received_from: str
    at: datetime

    @classmethod
    def read(cls, raw: bytes, *, received_from: str, at: datetime) -> Self:
        """Raises problems.Unreadable when nobody can be answered."""
        tree = wire.read(raw)
        return cls(raw, tree, envelope.read(tree), received_from, at)

    @property
    def is_answered(self) -> bool:
        """An acknowledgement is never acknowledged."""
        return self.outside.kind != uris.ACKNOWLEDGEMENT


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a transmission. `again`: the message had been received before, and nothing was done."""

    of: Coming
    fate: Fate
    answer: Answer | None
    code: str | None = None
    again: bool = False
    citizen_id: int | None = None
    kept: bool = True  # False: it must be sent again, for nothing could be written
    in_order: bool = False  # FHIR's structure was found to be so

    @property
    def outside(self) -> Envelope:
        return self.of.outside

    @property
    def form(self) -> Format:
        return wire.format_of(self.of.raw)

    def as_message(self) -> Tree | None:
        """The answer to its sender, under new numbers; None for what is not answered."""
        if self.answer is None:
            return None
        own, _ = envelope.provenances(self.of.tree)
        latest = own if own is not None and (self.in_order or structure.is_provenance(own)) else None
        return acknowledgement.write(self.outside, latest, self.answer, at=self.of.at)

    def acknowledgement(self) -> bytes | None:
        """The same as bytes, in the form in which it was asked."""
        answer = self.as_message()
        return wire.write(answer, self.form) if answer is not None else None
