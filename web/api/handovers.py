"""Handovers: those on their way, what each says, and how they are sent, read and answered."""

from typing import Any
from uuid import UUID

from pydantic import Field

from web.api import shapes
from web.api.models import Given, Instant, Line, Nothing, Taken, Text
from web.api.paging import OfUnit, Page, page
from web.api.shapes import CitizenShown, HandoverStanding
from web.api.verbs import Call, Interface
from workflow.handing import handovers
from workflow.lists import listing
from workflow.seeing import sight
from workflow.tables import Handover, HandoverVersion
from workflow.vocabulary import LegalBasis, Look, Scope


class OnTheirWay(OfUnit):
    """Which way: to the unit (the default), or from it."""

    incoming: bool = True


class HandoverListed(HandoverStanding):
    """A handover and whom it is about."""

    citizen: CitizenShown


class Version(Given):
    """What was sent, as it was sent. `changed` are the fields that say something else than in the version before."""

    version: int
    content: dict[str, Any] = Field(description="ISBAR by field: S.reason, R.medicine, ...")
    changed: list[str]
    signed_by: list[str]
    missing: list[str]
    override_reason: str | None
    sent_at: Instant
    sent_by: str
    read_at: Instant | None
    rejected_at: Instant | None
    rejected_because: str | None
    asked_for: list[str]


class HandoverWhole(HandoverListed):
    """A handover with the newest version of what it says; none before anything was sent."""

    sent: Version | None


class HandoverTaken(Taken):
    """What is handed over, by field. `seen` is the version that the writer started from."""

    content: dict[Line, Text]
    signed_by: list[Line] = Field(default_factory=lambda: ["nursing"], max_length=3)
    override_reason: Text | None = Field(default=None, description="Why it is sent although something is missing.")
    legal_basis: LegalBasis | None = Field(default=None, description="Why it is sent although the citizen objects.")
    basis_reason: Text | None = None
    seen: int | None = None
    confirmed: list[Line] = Field(
        default_factory=list, max_length=50, description="Fields that are to stand though the plan says otherwise."
    )


class Accepted(Taken):
    """The version that was read: of a newer one it is said that there is one."""

    version: int


class Rejection(Taken):
    """Why it cannot be taken as it is, and which fields are missing; and the version that was read."""

    version: int | None = None

    reason: Text
    asked_for: list[Line] = Field(default_factory=list, max_length=50)


def register(api: Interface) -> None:
    """`/handovers`."""
    _register_reading(api)
    _register_changes(api)


def _register_reading(api: Interface) -> None:
    @api.read("/handovers", Scope.HANDOVERS_READ)
    def list_handovers(call: Call, query: OnTheirWay) -> Page[HandoverListed]:
        """What is on its way to a unit, or from it, the oldest first."""
        unit = listing.unit_of(call.session, call.seen, query.unit)
        rows = listing.handovers(
            call.session, call.seen, unit, incoming=query.incoming, after=query.number, most=query.one_more
        )
        call.shows(*(row.episode for row in rows[: query.limit]))
        known = shapes.units(call, *(number for row in rows for number in (row.from_unit_id, row.to_unit_id)))

        def listed(row: Handover) -> HandoverListed:
            citizen = shapes.citizen(call, row.episode.citizen)
            return HandoverListed(**shapes.handover_fields(row, row.episode.uuid, known), citizen=citizen)

        return page(rows, query, listed, lambda row: (None, row.id))

    @api.read("/handovers/<uuid:handover_id>", Scope.HANDOVERS_READ)
    def read_handover(call: Call, handover_id: UUID) -> HandoverWhole:
        """One handover and what it says. That the receiver has read it is a change of its own: `/reading`."""
        row = listing.handover(call.session, call.seen, handover_id)
        sight.require(call.session, call.seen, row.episode.uuid, visit=call.visit, kind=call.kind(Look.READ))
        known = shapes.units(call, row.from_unit_id, row.to_unit_id)
        sent = handovers.current_version(call.session, row)
        return HandoverWhole(
            **shapes.handover_fields(row, row.episode.uuid, known),
            citizen=shapes.citizen(call, row.episode.citizen), sent=_version(sent) if sent is not None else None,
        )  # fmt: skip


def _register_changes(api: Interface) -> None:
    @api.change("/episodes/<uuid:episode_id>/handovers", Scope.HANDOVERS_WRITE)
    def send_handover(call: Call, body: HandoverTaken, episode_id: UUID) -> HandoverStanding:
        """Send the handover that lies ahead or is owed, or a new version of it."""
        sent = handovers.send(
            call.session, episode_id, body.content, by=call.by, at=call.at, signed_by=tuple(body.signed_by),
            override_reason=body.override_reason, legal_basis=body.legal_basis, basis_reason=body.basis_reason,
            seen=body.seen, confirmed=body.confirmed,
        )  # fmt: skip
        return _standing(call, sent)

    @api.change("/handovers/<uuid:handover_id>/reading", Scope.HANDOVERS_WRITE)
    def open_handover(call: Call, body: Nothing, handover_id: UUID) -> HandoverStanding:
        """The receiver has opened it. Only the first reading of a version is recorded."""
        return _standing(call, handovers.read(call.session, handover_id, by=call.by, at=call.at))

    @api.change("/handovers/<uuid:handover_id>/acceptance", Scope.HANDOVERS_WRITE)
    def accept_handover(call: Call, body: Accepted, handover_id: UUID) -> HandoverStanding:
        """The receiver takes what it has read: responsibility passes now, or at the effective discharge to come."""
        taken = handovers.accept(call.session, handover_id, by=call.by, at=call.at, version=body.version)
        return _standing(call, taken)

    @api.change("/handovers/<uuid:handover_id>/rejection", Scope.HANDOVERS_WRITE)
    def reject_handover(call: Call, body: Rejection, handover_id: UUID) -> HandoverStanding:
        """The receiver cannot take it as it is; the sender owes a new version."""
        rejected = handovers.reject(
            call.session, handover_id, by=call.by, at=call.at, reason=body.reason, asked_for=tuple(body.asked_for),
            version=body.version,
        )  # fmt: skip
        return _standing(call, rejected)

    @api.change("/handovers/<uuid:handover_id>/information", Scope.HANDOVERS_WRITE)
    def inform_citizen(call: Call, body: Nothing, handover_id: UUID) -> HandoverStanding:
        """Citizen or relatives have been told who takes over."""
        return _standing(call, handovers.inform(call.session, handover_id, by=call.by, at=call.at))


def _standing(call: Call, row: Handover) -> HandoverStanding:
    known = shapes.units(call, row.from_unit_id, row.to_unit_id)
    return HandoverStanding(**shapes.handover_fields(row, row.episode.uuid, known))


def _version(row: HandoverVersion) -> Version:
    return Version(
        version=row.version, content=row.content, changed=row.changed, signed_by=row.signed_by, missing=row.missing,
        override_reason=row.override_reason, sent_at=row.sent_at, sent_by=row.sent_by, read_at=row.read_at,
        rejected_at=row.rejected_at, rejected_because=row.rejected_because, asked_for=row.asked_for,
    )  # fmt: skip
