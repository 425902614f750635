"""From a citizen's journey to their episode: by the engine functions that people use, and refused by no guard."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from workflow import amendments, episodes
from workflow.actor import Actor
from workflow.medcom import addresses, chains, journey, stays, stored
from workflow.medcom.addresses import Ours
from workflow.medcom.codes import Event
from workflow.medcom.journey import Step
from workflow.medcom.standing import Case, Standing
from workflow.medcom.stored import Stored
from workflow.medcom.triggers import FITS, IN_HOSPITAL, STARTS, TRIGGERS
from workflow.medcom.undoing import undo
from workflow.obligations import REPORT_ASKED, REPORT_NOT_ASKED
from workflow.parties import pathway_of, receiving_unit
from workflow.tables import Citizen, Episode, Unit
from workflow.telling import outbox
from workflow.timeline import Happened
from workflow.vocabulary import NoticeKind, Origin, UnitKind

_HOSPITAL = Actor(name="Advis om sygehusophold", origin=Origin.MESSAGE)


def follow(session: Session, citizen_id: int, receiver: Ours, *, at: datetime) -> tuple[list[Stored], int | None]:
    """Fold all that is known of a citizen's stays, and let the episode follow.

    Returns it with what it has led to, and the episode that the citizen has now, or had last. One of these goes on for
    a citizen at a time. A new episode is that of the unit which was the `receiver`.
    """
    messages = stored.of_citizen(session, citizen_id)
    rows = {chains.key(message.says): message for message in messages}
    travelled = journey.travel(stays.fold([message.says for message in messages]))
    going = Following(session, citizen_id, receiver, travelled, rows, _HOSPITAL, at)
    going.run()
    stored.write_links(session, messages)
    return messages, going.episode_id


class Following(Standing):
    """One run: the episode is brought to where the journey says."""

    def run(self) -> None:
        """Undo what is no longer so, correct what was at another time, add what is new, and say what does not fit."""
        self.latest()
        undo(self)
        steps = self.journey.steps
        last = max((n for n, step in enumerate(steps) if self.is_linked(step)), default=-1)
        for number, step in enumerate(steps):
            if self.is_linked(step):
                self._correct(step)
            elif number < last:
                self._confirm_opening(step, steps[number + 1 :])
            else:
                self._add(step)
        self._keep_ward()
        self._compare()

    def _correct(self, step: Step) -> None:
        row = self.row_of(step)
        assert row is not None
        if row.entry_number is None or step.transfer:
            return
        case = self.fetch(row.episode_id or 0)
        event = case.timeline.numbered(row.entry_number)
        if event is not None:
            self._put_at(case, event, step.at)

    def _put_at(self, case: Case, event: Happened, at: datetime) -> None:
        """The hospital's time is the effective one; what the same event closed in the episode before moves too."""
        if event.effective_at == at:
            return
        self.changing()
        amendments.correct_time(
            self.session, case.episode.uuid, event.number, at, by=self.by, at=self.at, reason=_CORRECTED
        )
        if event.source is None and case.episode.previous_id is not None:
            before = self.fetch(case.episode.previous_id)
            closing = before.timeline.last
            if closing.trigger == "patient_readmitted" and closing.effective_at == event.effective_at:
                self._put_at(before, closing, at)

    def _confirm_opening(self, step: Step, later: Sequence[Step]) -> None:
        """A start that came late, of an episode that was opened from what followed it."""
        if not step.event.starts or step.transfer:
            return
        following = next((s for s in later if self.is_linked(s) or s.event.starts), None)
        row = self.row_of(following) if following is not None and not following.event.starts else None
        if row is None or row.episode_id is None:
            return
        case = self.fetch(row.episode_id)
        opening = case.timeline.events[0]
        if opening.number not in self.linked_numbers(case.episode) and opening.trigger in STARTS:
            self._put_at(case, opening, step.at)
            self.link(step, case.episode, opening.number)
            self._say_of_report(step, case.episode)

    @property
    def episode_id(self) -> int | None:
        episode = self._now()
        return episode.id if episode is not None else None

    # --- what is new ---

    def _add(self, step: Step) -> None:
        case = self.latest()
        if step.event.starts:
            self._start(step, case)
        elif case is not None and not self._confirm(step, case):
            trigger = TRIGGERS[step.event]
            if pathway_of(case.episode).transition(case.episode.state, trigger) is not None:
                self._record(step, case.episode, trigger)

    def _confirm(self, step: Step, case: Case) -> bool:
        """What a person has recorded already is not repeated."""
        after = max(self.linked_numbers(case.episode), default=0)
        if case.episode.history_number == after:  # nobody has written anything since
            return False
        triggers = {TRIGGERS[step.event]} | (STARTS if step.event.starts and not step.transfer else set())
        for event in case.timeline.events:
            if event.trigger in triggers and event.number > after:
                self._put_at(case, event, step.at)
                self.link(step, case.episode, event.number)
                return True
        return False

    def _record(self, step: Step, episode: Episode, trigger: str) -> None:
        self.changing()
        self.last = episodes.record_event(
            self.session, episode.uuid, trigger, by=self.by, at=self.at, effective_at=step.at
        )
        self.link(step, self.last, self.last.history_number)

    def _start(self, step: Step, case: Case | None) -> None:
        if case is None or case.episode.closed_at is not None:
            self._open(step)
        elif case.episode.state not in IN_HOSPITAL:
            self._readmit(step, case.episode)
        elif step.transfer:
            self._transfer(step, case)
        else:
            self._go_on(step, case)

    def _go_on(self, step: Step, case: Case) -> None:
        """A start of somebody who is in hospital already: a person told of it, or an acute visit became a stay."""
        if step.event == Event.STIN and case.episode.state == "acute":
            self._say_of_report(step, case.episode)
            self._record(step, case.episode, "patient_admitted")
            return
        if self._confirm(step, case):
            self._say_of_report(step, case.episode)
            return
        self._transfer(step, case)

    def _transfer(self, step: Step, case: Case) -> None:
        ward = self._ward(step)
        self.changing()
        moved = amendments.transfer(
            self.session, case.episode.uuid, ward, by=self.by, at=self.at, effective_at=step.at
        )  # fmt: skip
        if moved.state == "on_leave":
            self._record(step, moved, "leave_ended")
        elif step.event == Event.STIN and moved.state == "acute":
            self._record(step, moved, "patient_admitted")
        else:
            self.link(step, moved, moved.history_number)

    def _open(self, step: Step) -> None:
        citizen = self.session.get_one(Citizen, self.citizen_id)
        if citizen.municipality_id is None:
            citizen.municipality_id = self.receiver.municipality_id
        way_in = "acute_admission" if step.event == Event.STAA else "admission"
        self.changing()
        episode = episodes.open_episode(
            self.session, citizen, "home", way_in, by=self.by, at=self.at, effective_at=step.at,
            ward=self._ward(step), district=self._district(), needs=_needs(step),
        )  # fmt: skip
        self.link(step, episode, 1)
        self.last = episode

    def _readmit(self, step: Step, episode: Episode) -> None:
        kept = tuple(n for n in episode.needs if n not in {REPORT_ASKED, REPORT_NOT_ASKED, *_needs(step)})
        self.changing()
        goes_on = episodes.readmit(
            self.session, episode.uuid, ward=self._ward(step), by=self.by, at=self.at, effective_at=step.at,
            acute=step.event == Event.STAA, needs=(*kept, *_needs(step)),
        )  # fmt: skip
        self.link(step, goes_on, goes_on.history_number if goes_on.id == episode.id else 1)
        self.last = goes_on

    def _say_of_report(self, step: Step, episode: Episode) -> None:
        """Whether the hospital asks for an admission report is known to the episode, whoever opened it."""
        if REPORT_ASKED not in episode.needs:
            for need in _needs(step):
                self.changing()
                amendments.record_need(self.session, episode.uuid, need, by=self.by, at=self.at)

    def _district(self) -> Unit | None:
        """The unit that the message is for, where it is a district; else the one that receives for its municipality."""
        unit = self.session.get_one(Unit, self.receiver.unit_id)
        is_one = unit.kind == UnitKind.DISTRICT
        return unit if is_one else receiving_unit(self.session, self.receiver.municipality_id)

    def _ward(self, step: Step) -> Unit:
        return addresses.ward_of(self.session, step.provider, step.sender, at=self.at).unit

    # --- what must fit in the end ---

    def _keep_ward(self) -> None:
        """The ward is the one that the hospital named last; a placeholder never replaces one that people chose."""
        starts = [step for step in self.journey.steps if step.event.starts]
        episode = self._now()
        if not starts or episode is None or episode.state not in IN_HOSPITAL:
            return
        address = addresses.ward_of(self.session, starts[-1].provider, starts[-1].sender, at=self.at)
        if address.unit_id != episode.ward_id and not address.placeholder:
            self.changing()
            amendments.transfer(self.session, episode.uuid, address.unit, by=self.by, at=self.at)

    def _now(self) -> Episode | None:
        if self.last is not None:
            return self.last
        case = self.latest()
        return case.episode if case is not None else None

    def _compare(self) -> None:
        """Tell people what does not fit, or what they must know besides."""
        episode, fits = self._now(), FITS.get(self.journey.state)
        if episode is None:
            return
        topics = [
            ("hospital_disagrees", fits is not None and episode.state not in fits),
            ("told_after_death", self.journey.after_death),
            ("stays_in_parallel", self.journey.parallel),
        ]
        units = (episode.ward_id, episode.facility_id, episode.district_id)
        for topic in (topic for topic, applies in topics if applies):
            outbox.tell(self.session, episode, units, topic, by=self.by, at=self.at, kind=NoticeKind.ESCALATION)


_CORRECTED = "Tidspunkt fra Advis om sygehusophold"


def _needs(step: Step) -> tuple[str, ...]:
    return ("municipal_services", REPORT_ASKED if step.asks_for_report else REPORT_NOT_ASKED)
