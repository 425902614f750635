"""The walk: one invented citizen through a running installation, which must not forget the call that is forgotten."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops import door
from ops.demo import cluster, invented
from ops.demo.lives import BY_HOTEL, CONTENT
from ops.errors import CannotDo
from workflow import amendments, calendar, citizens, clock, episodes, misses, places, reconcile, tasks
from workflow.episodes import PhoneAgreement
from workflow.handing import handovers
from workflow.rule import hours
from workflow.sentences import word
from workflow.settings import Settings
from workflow.tables import Citizen, Deadline, Episode, InboxItem, Notice, Reminder, Task, Unit
from workflow.vocabulary import Audience, Language, Outcome, PlaceKind, Role, TaskState

PATIENCE = 60.0  # real seconds that worker and beat get to raise a rung and deliver it
LOOKS_EVERY = 0.2  # seconds
WARD, DISTRICT = "Medicinsk afsnit", "Distrikt Syd"


@dataclass(frozen=True)
class Step:
    """One thing that happened, when by the demo clock, who has the responsibility after it, and who was told."""

    at: datetime
    what: str
    responsible: str
    told: list[str]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**asdict(self), "at": self.at.isoformat()}


@dataclass
class Walk:
    """How a walk went. `well` is false when nobody raised what fell due."""

    citizen: str = ""
    episode: str = ""
    steps: list[Step] = field(default_factory=list)
    well: bool = False
    ending: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**vars(self), "steps": [step.as_json() for step in self.steps]}


def walk(settings: Settings, *, say: Callable[[str], None] = print, patience: float = PATIENCE) -> Walk:
    """Walk a new citizen from admission to a follow-up call that comes too late, saying each step.

    It acts as the people of the demonstration do, moves the demo clock, and then only waits, `patience` seconds each
    time, for worker and beat to raise and deliver what is due. Raises CannotDo when this is no demo, or none is loaded.
    """
    if not settings.demo:
        raise CannotDo("Only a demonstration can be walked through: OVERGANG_DEMO=1 says that it is one.")
    walker = _Walker(settings, say, patience)
    walker.to_the_discharge()
    walker.to_the_arrival()
    if walker.wait_for_the_miss():
        walker.call_late()
        walker.wait_for_nought()
    say(walker.told.ending)
    return walker.told


class _Walker:
    """Takes the steps; each is a transaction of its own, as each click of a person is."""

    def __init__(self, settings: Settings, say: Callable[[str], None], patience: float) -> None:
        self.settings, self.say, self.patience = settings, say, patience
        self.told = Walk()
        with door.transaction(settings) as session:
            self.cluster = cluster.read(session)
            if cluster.HOTEL not in self.cluster.units:
                raise CannotDo("There is no demonstration in the database. Load one: overgang demo load")
            if clock.now(session) < clock.DEMO_START:
                raise CannotDo("The demonstration is still being loaded. Wait until it is there.")
            session.expunge_all()
        self.coordinator = self.cluster.named("Udskrivningskoordination", Role.DISCHARGE_COORDINATOR)
        self.ward_nurse = self.cluster.named(WARD, Role.WARD_NURSE)
        self.facility_nurse = self.cluster.named(cluster.HOTEL, Role.FACILITY_NURSE)
        self.facility = self.cluster.units[cluster.HOTEL]

    def step(self, after: timedelta, act: Callable[[Session, datetime], str]) -> None:
        """Move the demo clock on, do one thing, and say what and who has the responsibility now."""
        with door.transaction(self.settings) as session:
            at = clock.advance(session, after)
            what = act(session, at)
            session.flush()
            responsible = session.get_one(Unit, self._episode(session).responsible_unit_id).name
        self._tell(Step(at, what, responsible, []))

    def _tell(self, step: Step) -> None:
        self.told.steps.append(step)
        self.say(f"{_danish(step.at)}  {step.what}")
        told = f"; told: {', '.join(step.told)}" if step.told else ""
        self.say(f"                   responsible: {step.responsible}{told}")

    def _episode(self, session: Session) -> Episode:
        return session.scalars(select(Episode).where(Episode.uuid == self.episode_id)).one()

    # --- what people do ---

    def to_the_discharge(self) -> None:
        """Admitted, Tryghedshotellet chosen, a place kept, the handover sent, discharged."""
        self.step(timedelta(0), self._admit)
        self.step(hours(1), self._choose)
        self.step(hours(1), self._send)
        self.step(hours(1), self._discharge)

    def _admit(self, session: Session, at: datetime) -> str:
        citizen = _somebody_new(session, self.cluster.municipalities[0].id)
        episode = episodes.open_episode(
            session, citizen, "home", "admission", by=self.ward_nurse, at=at, ward=self.cluster.units[WARD],
            district=self.cluster.units[DISTRICT],
        )  # fmt: skip
        self.episode_id = episode.uuid
        self.told.citizen, self.told.episode = citizen.name, str(episode.uuid)
        return f"{citizen.name} is admitted to {WARD}."

    def _choose(self, session: Session, at: datetime) -> str:
        amendments.reroute(session, self.episode_id, BY_HOTEL, facility=self.facility, by=self.coordinator, at=at)
        free = places.free_places(session, self.facility.id, PlaceKind.TRYGHEDSHOTEL, at=at)
        if not free:
            places.request(
                session, self.facility.id, PlaceKind.TRYGHEDSHOTEL, self.episode_id, by=self.coordinator, at=at
            )
            return "Tryghedshotellet is chosen. All its places are taken; the citizen is on the waiting list."
        places.reserve(session, free[0].uuid, self.episode_id, by=self.coordinator, at=at)
        return f"Tryghedshotellet is chosen, and place {free[0].name} reserved ({len(free) - 1} are left)."

    def _send(self, session: Session, at: datetime) -> str:
        content = {**CONTENT, "S.discharge": "I dag til Tryghedshotellet"}
        self.handover_id = handovers.send(session, self.episode_id, content, by=self.ward_nurse, at=at).uuid
        return "The ward sends its handover to Tryghedshotellet. Sent is not accepted."

    def _discharge(self, session: Session, at: datetime) -> str:
        phone = PhoneAgreement(spoken_with=self.facility_nurse.name, made_at=at, agreed="Ankomst inden for en time")
        episodes.record_event(session, self.episode_id, "patient_discharged", by=self.coordinator, at=at, phone=phone)
        self.discharged_at = at
        call = session.scalars(self._call()).one()
        self.task_id, self.due_at = call.uuid, call.due_at
        return f"Discharged. Nobody has accepted yet. The follow-up call is due {_danish(call.due_at)}."

    def _call(self) -> Any:
        return (
            select(Task)
            .join(Episode, Episode.id == Task.episode_id)
            .where(Episode.uuid == self.episode_id, Task.kind == "follow_up_call", Task.state == TaskState.OPEN)
        )

    def to_the_arrival(self) -> None:
        """Accepted, so that responsibility passes; arrived."""
        self.step(timedelta(minutes=30), self._accept)
        self.step(timedelta(minutes=30), self._arrive)

    def _accept(self, session: Session, at: datetime) -> str:
        read = handovers.read(session, self.handover_id, by=self.facility_nurse, at=at)
        handovers.accept(session, self.handover_id, by=self.facility_nurse, at=at, version=read.version)
        return f"{self.facility_nurse.name} reads and accepts for Tryghedshotellet: the responsibility passes."

    def _arrive(self, session: Session, at: datetime) -> str:
        episodes.record_event(session, self.episode_id, "patient_arrived", by=self.facility_nurse, at=at)
        return "The citizen arrives at Tryghedshotellet. Then the call to the ward is forgotten."

    def call_late(self) -> None:
        """Two hours too late, the call is made: it is done, and stays late."""

        def act(session: Session, at: datetime) -> str:
            tasks.record_attempt(
                session, self.task_id, Outcome.COMPLETED, by=self.facility_nurse, at=at,
                spoken_with=self.ward_nurse.name, doctor_involved=False,
            )  # fmt: skip
            session.flush()
            (judged,) = misses.of_episode(session, self._episode(session))
            return (
                f"{self.facility_nurse.name} rings the ward and speaks with {self.ward_nurse.name}: done, "
                f"{_for(at - self.due_at)} late. The miss {judged.miss.code} {judged.verdict}."
            )

        self.step(hours(2), act)

    # --- what the installation must do by itself ---

    def wait_for_the_miss(self) -> bool:
        """Move the clock to each rung of the ladder and wait for it to be raised and delivered; whether it was."""
        with door.transaction(self.settings) as session:
            ladder = session.scalars(
                select(Deadline).join(Task, Task.id == Deadline.task_id).where(
                    Task.uuid == self.task_id, Deadline.ended_at.is_(None)
                )
            ).one().rung_at  # fmt: skip
        return all(self._wait_for(rung_at) for rung_at in ladder)

    def wait_for_nought(self) -> None:
        """Wait until the rest of the demonstration, whose clock was moved too, has caught up."""
        self.told.ending = (
            "Yet something of the demonstration was not raised or told in time. Look with: overgang reconcile"
        )
        gives_up_at = time.monotonic() + self.patience
        while not self.told.well and time.monotonic() < gives_up_at:
            with door.transaction(self.settings) as session:
                found = reconcile.look(session, at=clock.now(session), real_at=clock.real_now())
            if found.nought:
                self.told.well = True
                self.told.ending = (
                    f"Nothing was forgotten. {self.told.citizen} stays at Tryghedshotellet as one more citizen of the "
                    "demonstration; the demo clock stays where it is now."
                )
            else:
                time.sleep(LOOKS_EVERY)

    def _wait_for(self, rung_at: datetime) -> bool:
        with door.transaction(self.settings) as session:
            at = clock.advance(session, max(rung_at - clock.now(session), timedelta(0)))
        since = f"{_for(rung_at - self.discharged_at)} after the discharge"
        gives_up_at = time.monotonic() + self.patience
        while time.monotonic() < gives_up_at:
            with door.transaction(self.settings) as session:
                told = self._who_was_told(session, rung_at)
                missed = [judged.miss.code for judged in misses.of_episode(session, self._episode(session))]
                responsible = session.get_one(Unit, self._episode(session).responsible_unit_id).name
            if told:
                what = "the call is missed" if missed else "a reminder is raised"
                code = f" ({', '.join(f'{code}: {word(code, Language.ENGLISH)}' for code in missed)})" if missed else ""
                self._tell(Step(at, f"{since} {what}{code}.", responsible, told))
                return True
            time.sleep(LOOKS_EVERY)
        self.told.ending = (
            f"{since} a rung of the ladder is due, and for {self.patience:.0f} seconds nothing has come of it: "
            "worker or beat is not running. Nothing is lost: it is raised when they run. Look with: overgang doctor"
        )
        return False

    def _who_was_told(self, session: Session, rung_at: datetime) -> list[str]:
        """The units in whose inbox this rung of the ladder stands; empty until all of it has arrived."""
        rows = session.execute(
            select(Unit.name, Notice.audience, InboxItem.id)
            .select_from(Reminder)
            .join(Deadline, Deadline.id == Reminder.deadline_id)
            .join(Task, Task.id == Deadline.task_id)
            .join(Notice, Notice.reminder_id == Reminder.id)
            .join(Unit, Unit.id == Notice.unit_id)
            .outerjoin(InboxItem, InboxItem.notice_id == Notice.id)
            .where(Task.uuid == self.task_id, Reminder.planned_at == rung_at)
            .order_by(Notice.id)
        ).all()
        if not all(row.id is not None for row in rows):
            return []
        return [f"{row.name}, its managers" if row.audience == Audience.MANAGERS else row.name for row in rows]


def _somebody_new(session: Session, municipality_id: int) -> Citizen:
    """An invented citizen whom the database does not know yet."""
    number = session.query(Citizen).count()
    while citizens.find(session, invented.cpr(number)) is not None:
        number += 1
    return citizens.register(
        session,
        invented.cpr(number),
        invented.name(number),
        municipality_id=municipality_id,
        phone=invented.phone(number),
    )


def _danish(instant: datetime) -> str:
    return format(calendar.local(instant), "%d.%m.%Y %H:%M")


def _for(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
