"""Events of an episode: read as its history, recorded, corrected, cancelled; and what else is said about it."""

from uuid import UUID

from pydantic import Field

from web.api import shapes
from web.api.models import Given, Instant, Line, Reason, Taken, Text
from web.api.paging import Page, Paged, page
from web.api.shapes import EpisodeStanding
from web.api.verbs import Call, Interface
from workflow import amendments, episodes, observations
from workflow.episodes import PhoneAgreement
from workflow.errors import Invalid
from workflow.lists import listing
from workflow.pathways import PATHWAYS
from workflow.seeing import sight
from workflow.staff import staffing
from workflow.tables import HistoryEntry
from workflow.vocabulary import EntryKind, Look, Observed, Origin, Scope


class Observation(Given):
    """What a nurse saw. `asked`: whether another unit is asked about it."""

    what: Observed
    score: int | None
    text: str
    asked: bool


class Entry(Given):
    """One thing that was recorded: `effective_at` is when it happened, `recorded_at` when we heard."""

    number: int
    kind: EntryKind
    trigger: str | None
    source: str | None
    dest: str
    about: int | None = Field(description="The number of the entry that this corrects or cancels.")
    effective_at: Instant
    recorded_at: Instant
    origin: Origin
    actor: str
    reason: str | None
    observation: Observation | None = Field(default=None, description="Of an observation: what was seen.")
    answer: str | None = Field(default=None, description="Of an answer: what was said; `about` is the question.")


class ObservationTaken(Taken):
    """What was observed. `score` is that of a TOBS, and of nothing else; `asks` is the unit that is asked about it."""

    what: Observed
    text: Text = ""
    score: int | None = None
    observed_at: Instant | None = Field(default=None, description="When it was observed; now where absent.")
    asks: UUID | None = None


class AnswerTaken(Taken):
    """The answer to a question."""

    text: Text


class PhoneTaken(Taken):
    """What was agreed by phone before a discharge."""

    spoken_with: Line
    made_at: Instant
    agreed: Text


class EventTaken(Taken):
    """Something that happened. `seen` is the `entry` that you knew: a newer one is told instead of overwritten."""

    trigger: Line
    effective_at: Instant | None = Field(default=None, description="When it happened; now where absent.")
    reason: Text | None = Field(
        default=None, description="Why a missing handover is overridden, or why it is told later than 15 minutes after."
    )
    phone: PhoneTaken | None = None
    seen: int | None = None


class CorrectionTaken(Taken):
    """When it really happened, and why it was wrong."""

    effective_at: Instant
    reason: Text


class WayTaken(Taken):
    """Where the citizen goes instead."""

    pathway: Line
    facility: UUID | None = None
    reason: Text | None = None


class WardTaken(Taken):
    """The ward where the citizen lies now."""

    ward: UUID
    effective_at: Instant | None = None
    reason: Text | None = Field(default=None, description="Why it is told later: from 15 minutes on.")


class ReadmissionTaken(WardTaken):
    """The ward where the citizen is back; `acute`: seen as an outpatient, and not admitted (yet)."""

    acute: bool = False


class ExpectedTaken(Taken):
    """When the discharge is expected."""

    expected_at: Instant


class NeedTaken(Taken):
    """What the citizen needs, as rules of agreements name it: rehabilitation_plan."""

    need: Line


def register(api: Interface) -> None:
    """`/episodes/{episode_id}/...`."""
    _register_history(api)
    _register_amendments(api)
    _register_observations(api)


def _register_history(api: Interface) -> None:
    @api.read("/episodes/<uuid:episode_id>/history", Scope.EPISODES_READ)
    def list_history(call: Call, query: Paged, episode_id: UUID) -> Page[Entry]:
        """What was recorded about an episode, from the beginning."""
        row = sight.require(call.session, call.seen, episode_id, visit=call.visit, kind=Look.READ)
        entries = listing.history(call.session, row, after=query.number or 0, most=query.one_more)
        return page(entries, query, _entry, lambda entry: (None, entry.number))

    @api.change("/episodes/<uuid:episode_id>/events", Scope.EPISODES_WRITE)
    def record_event(call: Call, body: EventTaken, episode_id: UUID) -> EpisodeStanding:
        """Say that something happened, with all that follows from it. An episode says what can: `can_happen`."""
        changed = episodes.record_event(
            call.session, episode_id, body.trigger, by=call.by, at=call.at, effective_at=body.effective_at,
            reason=body.reason, phone=_agreed(body.phone), seen=body.seen,
        )  # fmt: skip
        return shapes.episode(call, changed)

    @api.change("/episodes/<uuid:episode_id>/events/<int:number>/correction", Scope.EPISODES_WRITE)
    def correct_event(call: Call, body: CorrectionTaken, episode_id: UUID, number: int) -> EpisodeStanding:
        """Correct when something happened: a new entry; deadlines and verdicts follow."""
        changed = amendments.correct_time(
            call.session, episode_id, number, body.effective_at, by=call.by, at=call.at, reason=body.reason
        )
        return shapes.episode(call, changed)

    @api.change("/episodes/<uuid:episode_id>/events/<int:number>/cancellation", Scope.EPISODES_WRITE)
    def cancel_event(call: Call, body: Reason, episode_id: UUID, number: int) -> EpisodeStanding:
        """Say that the newest event never happened. The history shows both."""
        changed = amendments.cancel_event(call.session, episode_id, number, by=call.by, at=call.at, reason=body.reason)
        return shapes.episode(call, changed)


def _register_amendments(api: Interface) -> None:
    @api.change("/episodes/<uuid:episode_id>/way", Scope.EPISODES_WRITE)
    def reroute_episode(call: Call, body: WayTaken, episode_id: UUID) -> EpisodeStanding:
        """Send the citizen another way, before or after the discharge."""
        if body.pathway not in {key for key, _ in PATHWAYS}:
            raise Invalid("no_such_pathway", pathway=body.pathway)
        facility = staffing.unit(call.session, body.facility) if body.facility is not None else None
        changed = amendments.reroute(
            call.session, episode_id, body.pathway, by=call.by, at=call.at, facility=facility, reason=body.reason
        )
        return shapes.episode(call, changed)

    @api.change("/episodes/<uuid:episode_id>/ward", Scope.EPISODES_WRITE)
    def transfer_episode(call: Call, body: WardTaken, episode_id: UUID) -> EpisodeStanding:
        """The citizen lies in another ward now."""
        ward = staffing.unit(call.session, body.ward)
        changed = amendments.transfer(
            call.session, episode_id, ward, by=call.by, at=call.at, effective_at=body.effective_at,
            reason=body.reason,
        )  # fmt: skip
        return shapes.episode(call, changed)

    @api.change("/episodes/<uuid:episode_id>/readmission", Scope.EPISODES_WRITE)
    def readmit_citizen(call: Call, body: ReadmissionTaken, episode_id: UUID) -> EpisodeStanding:
        """The citizen is back in hospital. Answers with the episode that goes on: within four hours, the same."""
        ward = staffing.unit(call.session, body.ward)
        goes_on = episodes.readmit(
            call.session, episode_id, ward=ward, by=call.by, at=call.at, effective_at=body.effective_at,
            acute=body.acute, reason=body.reason,
        )  # fmt: skip
        return shapes.episode(call, goes_on)

    @api.change("/episodes/<uuid:episode_id>/expected-discharge", Scope.EPISODES_WRITE)
    def expect_discharge(call: Call, body: ExpectedTaken, episode_id: UUID) -> EpisodeStanding:
        """Set or move the time the discharge is expected."""
        changed = amendments.expect_discharge(call.session, episode_id, body.expected_at, by=call.by, at=call.at)
        return shapes.episode(call, changed)

    @api.change("/episodes/<uuid:episode_id>/needs", Scope.EPISODES_WRITE)
    def record_need(call: Call, body: NeedTaken, episode_id: UUID) -> EpisodeStanding:
        """Record that the citizen needs something that a rule asks about."""
        return shapes.episode(call, amendments.record_need(call.session, episode_id, body.need, by=call.by, at=call.at))


def _register_observations(api: Interface) -> None:
    @api.change("/episodes/<uuid:episode_id>/observations", Scope.EPISODES_WRITE)
    def record_observation(call: Call, body: ObservationTaken, episode_id: UUID) -> EpisodeStanding:
        """Write down a TOBS, a medicine check, what is wrong with aids, or a worry; and ask another unit about it."""
        changed = observations.record(
            call.session, episode_id, body.what, body.text, by=call.by, at=call.at, observed_at=body.observed_at,
            score=body.score, asks=staffing.unit(call.session, body.asks) if body.asks is not None else None,
        )  # fmt: skip
        return shapes.episode(call, changed)

    @api.change("/episodes/<uuid:episode_id>/observations/<int:number>/answer", Scope.EPISODES_WRITE)
    def answer_question(call: Call, body: AnswerTaken, episode_id: UUID, number: int) -> EpisodeStanding:
        """Answer what was asked in an entry of the history: the unit that was asked does so, once."""
        changed = observations.answer(call.session, episode_id, number, body.text, by=call.by, at=call.at)
        return shapes.episode(call, changed)


def _agreed(phone: PhoneTaken | None) -> PhoneAgreement | None:
    if phone is None:
        return None
    return PhoneAgreement(spoken_with=phone.spoken_with, made_at=phone.made_at, agreed=phone.agreed)


def _entry(row: HistoryEntry) -> Entry:
    return Entry(
        number=row.number, kind=row.kind, trigger=row.trigger, source=row.source, dest=row.dest, about=row.about,
        effective_at=row.effective_at, recorded_at=row.recorded_at, origin=row.origin, actor=row.actor,
        reason=row.reason, observation=_observation(row) if row.kind == EntryKind.OBSERVED else None,
        answer=row.facts["text"] if row.kind == EntryKind.ANSWERED else None,
    )  # fmt: skip


def _observation(row: HistoryEntry) -> Observation:
    said = row.facts
    return Observation(what=said["what"], score=said.get("score"), text=said["text"], asked="asks" in said)
