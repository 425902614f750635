"""What happens to one invented citizen: acts of the engine at their times, the mishaps of the real world among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops.demo import invented
from ops.demo.cluster import ACUTE, FAVRSKOV, HOTEL, PRACTICE, RANDERS, WARDS, Cluster
from workflow import amendments, calendar, citizens, episodes, place_stays, places, tasks
from workflow.actor import Actor
from workflow.episodes import PhoneAgreement
from workflow.handing import handovers
from workflow.parties import pathway_of
from workflow.rule import days
from workflow.tables import Citizen, Handover, HistoryEntry, MunicipalService, Task, Unit
from workflow.vocabulary import EntryKind, HandoverState, Origin, Outcome, Role, TaskState

Act = tuple[datetime, Callable[[datetime], None]]

BY_HOTEL, HOME = "tryghedshotel", "home"

CONTENT = {
    "S.reason": "Indlagt efter fald i hjemmet, observeret og mobiliseret",
    "S.treatment_responsibility": "Sygehuset har behandlingsansvaret i 72 timer",
    "S.infection_precautions": "Nej",
    "S.treatment_level": "Ja: fuld behandling",
    "B.allergies": "Nej",
    "B.home": "Bor alene i lejlighed; datteren kommer dagligt",
    "A.function": "Går med rollator, skal støttes ved bad",
    "A.worries": "Svimmel, når hun rejser sig",
    "R.actions": "Mål blodtryk morgen og aften; kontakt afsnittet ved fald",
    "R.medicine": "FMK er ajourført; medicin til tre dage er sendt med",
    "R.medicine_list": "Ja",
    "R.medicine_48h": "Ja",
    "R.discharge_letter": "Ja",
    "R.to_citizen": "Sygeplejersken måler dit blodtryk morgen og aften. Du har fået medicin med til tre dage.",
    "R.told": "Borger og pårørende ved, hvem der tager over, og hvornår",
}
NOT_FROM_TODAY = "Medicinlisten er ikke fra i dag"
CORRECTED = {"R.medicine": "Medicinlisten er ført ajour i dag kl. 9; medicin til tre dage er sendt med"}
FROM_HOSPITAL = frozenset({"admission", "acute_admission"})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One life, planned: the times that matter, and what goes wrong. Nothing after `until` has happened yet."""

    number: int
    way: str = "admission"
    to: str = HOME
    starts_at: datetime
    leaves_at: datetime  # hospital: the discharge; planned stays: the arrival
    hotel_days: int = 0
    home_days: int = 8
    mishaps: frozenset[str] = frozenset()
    until: datetime
    watched: bool = False  # looked at every day, as everybody who is here now is


class Life:
    """A citizen, and the people around them who act."""

    def __init__(self, session: Session, cluster: Cluster, plan: Plan) -> None:
        rng = Random(plan.number)
        self.session, self.cluster, self.plan = session, cluster, plan
        self.municipality = rng.choices(cluster.municipalities, (5, 2, 2, 2))[0]
        if "sent_just_before" in plan.mishaps:
            self.municipality = next(m for m in cluster.municipalities if m.code == FAVRSKOV)
        if plan.way == "citizen":  # who asks for themselves asks the house of their own municipality
            self.municipality = next(m for m in cluster.municipalities if m.code == RANDERS)
        self.district = rng.choice(cluster.districts(self.municipality))
        self.ward = cluster.units[WARDS[0]] if plan.way == "acute_admission" else rng.choice(cluster.wards())
        self.facility = self._facility()
        self.needs = tuple(
            need
            for need, chance in (
                ("municipal_services", 1 if {"late_report", "late_plan"} & plan.mishaps else 0.25),
                ("same_day_action", 0.15),
                ("action_within_24_h", 0.15),
                ("rehabilitation_plan", 0.15),
            )
            if rng.random() < chance
        )
        self.coordinator = cluster.named("Udskrivningskoordination", Role.DISCHARGE_COORDINATOR)
        self.ward_nurse = cluster.named(self.ward.name, Role.WARD_NURSE)
        self.district_nurse = self._one_of(cluster.at_work(self.district, Role.MUNICIPAL_NURSE))
        self.facility_nurse = self._one_of(cluster.at_work(self.facility, Role.FACILITY_NURSE))
        self.practice = cluster.units[PRACTICE]
        self.referral = Actor(name=self.practice.name, origin=Origin.MESSAGE, unit_id=self.practice.id)
        self.message = Actor(
            name="Advis", origin=Origin.MESSAGE, unit_id=self.ward.id, organisation_id=self.ward.organisation_id
        )

    def _facility(self) -> Unit:
        if self.plan.way != "municipality":
            return self.cluster.units[HOTEL]
        if self.municipality.code == RANDERS:
            return self.cluster.units[ACUTE]
        return self.cluster.units[f"Korttidspladserne {self.municipality.name.split()[0]}"]

    def _one_of(self, actors: list[Actor]) -> Actor:
        return actors[self.plan.number % len(actors)]

    def at_work_in(self, unit_id: int | None) -> Actor:
        """Who acts for a unit of this life."""
        actors = {
            self.ward.id: self.ward_nurse,
            self.district.id: self.district_nurse,
            self.facility.id: self.facility_nurse,
            self.practice.id: self.referral,
        }
        return actors[unit_id or 0]

    # --- acts ---

    def register(self, at: datetime) -> Citizen:
        """The citizen, known to the municipality where they receive its services."""
        number = self.plan.number
        citizen = citizens.register(
            self.session, invented.cpr(number), invented.name(number), municipality_id=self.municipality.id,
            phone=invented.phone(number),
        )  # fmt: skip
        if "municipal_services" in self.needs:
            since = (at - days(30 + number % 700)).date()
            self.session.add(
                MunicipalService(
                    citizen_id=citizen.id,
                    municipality_id=self.municipality.id,
                    service="Hjemmesygepleje",
                    from_on=since,
                )
            )
        return citizen

    def begin(self, at: datetime) -> None:
        """The episode is opened by its way in."""
        planned = self.plan.way not in FROM_HOSPITAL
        by = {"general_practice": self.referral, "municipality": self.district_nurse, "citizen": self.facility_nurse}
        self.episode = episodes.open_episode(
            self.session, self.register(at), BY_HOTEL if planned else HOME, self.plan.way,
            by=by.get(self.plan.way, self.ward_nurse), at=at, ward=None if planned else self.ward,
            facility=self.facility if planned else None, district=self.district,
            practice=self.practice if self.plan.way == "general_practice" else None, needs=self.needs,
        )  # fmt: skip

    def event(self, trigger: str, *, reason: str | None = None) -> Callable[[datetime], None]:
        """Something that happened, reported by whoever must take the next step."""

        def act(at: datetime) -> None:
            by = self.at_work_in(self.episode.owner_unit_id)
            episodes.record_event(self.session, self.episode.uuid, trigger, by=by, at=at, reason=reason)

        return act

    def expect(self, at: datetime) -> None:
        """When the discharge is expected, as it is said on the round."""
        amendments.expect_discharge(self.session, self.episode.uuid, self.plan.leaves_at, by=self.coordinator, at=at)

    def choose_hotel(self, at: datetime) -> None:
        """Tryghedshotellet is chosen, and a place kept where one is free."""
        amendments.reroute(
            self.session, self.episode.uuid, BY_HOTEL, facility=self.facility, by=self.coordinator, at=at
        )
        self.keep_place(at)

    def keep_place(self, at: datetime) -> None:
        """A place is kept, or waited for when all are taken."""
        kind = self.cluster.places[self.facility.name][0].kind
        free = [
            place
            for place in places.free_places(self.session, self.facility.id, kind, at=at)
            if place.id % 2 == self.plan.number % 2  # lives of odd and even numbers are lived by two processes at once
        ]
        by = self.coordinator if self.plan.way in FROM_HOSPITAL else self.facility_nurse
        if free:
            places.reserve(self.session, free[0].uuid, self.episode.uuid, by=by, at=at)
        else:
            places.request(self.session, self.facility.id, kind, self.episode.uuid, by=by, at=at)

    def send(self, **changes: str) -> Callable[[datetime], None]:
        """The handover is sent by whoever has the responsibility, or sent again with changes."""

        def act(at: datetime) -> None:
            episode = self.episode
            by = self.at_work_in(episode.responsible_unit_id)
            to_hotel = episode.pathway_key == BY_HOTEL and episode.responsible_unit_id != episode.facility_id
            where = f"til {self.facility.name}" if to_hotel else "til eget hjem"
            content = {**CONTENT, "S.discharge": f"Udskrives {where}", **changes}
            handovers.send(self.session, self.episode.uuid, content, by=by, at=at)

        return act

    def answer(self, *, accept: bool = True) -> Callable[[datetime], None]:
        """The receiver reads the handover, and accepts or rejects it."""

        def act(at: datetime) -> None:
            sent = self._handover()
            if sent is None:
                return
            by = self.at_work_in(sent.to_unit_id)
            if accept or self.plan.number % 6 == 0:
                read = handovers.read(self.session, sent.uuid, by=by, at=at - timedelta(minutes=8))
            if accept:
                handovers.accept(self.session, sent.uuid, by=by, at=at, version=read.version)
            else:
                handovers.reject(
                    self.session, sent.uuid, by=by, at=at, reason=NOT_FROM_TODAY, asked_for=("R.medicine",)
                )

        return act

    def _handover(self) -> Handover | None:
        waiting = [HandoverState.SENT, HandoverState.READ]
        return self.session.scalar(
            select(Handover).where(Handover.episode_id == self.episode.id, Handover.state.in_(waiting))
        )

    def discharge(self, *, told_by_message: timedelta | None = None) -> Callable[[datetime], None]:
        """The citizen leaves the hospital: a person has agreed by phone what must be, a message tells it afterwards."""

        def act(at: datetime) -> None:
            if told_by_message is not None:
                episodes.record_event(
                    self.session,
                    self.episode.uuid,
                    "patient_discharged",
                    by=self.message,
                    at=at,
                    effective_at=at - told_by_message,
                )
                return
            phone = PhoneAgreement(
                spoken_with=self.district_nurse.name, made_at=at - timedelta(minutes=25), agreed="Besøg i aften"
            )
            unsent = {"sent_late", "rejected_not_resent"} & self.plan.mishaps
            episodes.record_event(
                self.session, self.episode.uuid, "patient_discharged", by=self.coordinator, at=at, phone=phone,
                reason="Overleveringen eftersendes" if unsent else None,
            )  # fmt: skip

        return act

    def arrive(self, at: datetime) -> None:
        """The citizen is where they were sent."""
        episode = self.episode
        if episode.pathway_key == BY_HOTEL:
            episodes.record_event(self.session, self.episode.uuid, "patient_arrived", by=self.facility_nurse, at=at)
            if self.plan.watched and place_stays.current(self.session, self.episode) is not None:
                home_on = calendar.local(at).date() + timedelta(days=max(self.plan.hotel_days, 1))
                places.expect_departure(self.session, self.episode.uuid, home_on, by=self.facility_nurse, at=at)
        else:
            episodes.record_event(
                self.session, self.episode.uuid, "patient_arrived_home", by=self.district_nurse, at=at
            )

    def _open_task(self, kind: str) -> Task | None:
        return self.session.scalar(
            select(Task)
            .where(Task.episode_id == self.episode.id, Task.kind == kind, Task.state == TaskState.OPEN)
            .order_by(Task.id)
        )

    def call(self, outcome: Outcome) -> Callable[[datetime], None]:
        """The nurse rings the ward."""

        def act(at: datetime) -> None:
            if (task := self._open_task("follow_up_call")) is not None:
                tasks.record_attempt(
                    self.session, task.uuid, outcome, by=self.at_work_in(task.unit_id), at=at,
                    spoken_with=self.ward_nurse.name if outcome == Outcome.COMPLETED else None,
                    doctor_involved=False if outcome == Outcome.COMPLETED else None,
                    next_try_at=at + timedelta(hours=3) if outcome == Outcome.CALL_LATER else None,
                )  # fmt: skip

        return act

    def confirm_call(self, at: datetime) -> None:
        """The ward confirms the call."""
        done = self.session.scalar(
            select(Task).where(
                Task.episode_id == self.episode.id, Task.kind == "follow_up_call", Task.state == TaskState.DONE
            )
        )
        if done is not None and done.confirmed_at is None:
            tasks.confirm(self.session, done.uuid, by=self.ward_nurse, at=at)

    def do(self, kind: str, record: str) -> Callable[[datetime], None]:
        """A task is done, where it is owed, by the unit that owes it."""

        def act(at: datetime) -> None:
            if (task := self._open_task(kind)) is not None:
                tasks.complete(self.session, task.uuid, by=self.at_work_in(task.unit_id), at=at, record=record)

        return act

    def phone(self, at: datetime) -> None:
        """The ward rings the district about what a message did not say."""
        if (task := self._open_task("phone_agreement")) is not None:
            tasks.record_attempt(
                self.session, task.uuid, Outcome.COMPLETED, by=self.ward_nurse, at=at,
                spoken_with=self.district_nurse.name, note="Aftalt: besøg i morgen",
            )  # fmt: skip

    def look(self, at: datetime) -> None:
        """Whoever must take the next step looks, where the pathway asks for it."""
        episode = self.episode
        if episode.closed_at is None and pathway_of(episode).state(episode.state).review is not None:
            amendments.review(self.session, self.episode.uuid, by=self.at_work_in(episode.owner_unit_id), at=at)

    def correct_discharge(self, by: timedelta) -> Callable[[datetime], None]:
        """It was at another time that the citizen left."""

        def act(at: datetime) -> None:
            number, told = self._entry("patient_discharged")
            amendments.correct_time(
                self.session,
                self.episode.uuid,
                number,
                told + by,
                by=self.coordinator,
                at=at,
                reason="Forkert klokkeslæt",
            )

        return act

    def cancel_discharge(self, at: datetime) -> None:
        """The citizen did not leave after all."""
        number, _ = self._entry("patient_discharged")
        amendments.cancel_event(
            self.session,
            self.episode.uuid,
            number,
            by=self.coordinator,
            at=at,
            reason="Transporten kom ikke; bliver til i morgen",
        )

    def _entry(self, trigger: str) -> tuple[int, datetime]:
        row = self.session.execute(
            select(HistoryEntry.number, HistoryEntry.effective_at)
            .where(
                HistoryEntry.episode_id == self.episode.id, HistoryEntry.trigger == trigger,
                HistoryEntry.kind == EntryKind.EVENT,
            )
            .order_by(HistoryEntry.number.desc())
        ).first()  # fmt: skip
        assert row is not None
        return row.number, row.effective_at

    def come_back(self, at: datetime) -> None:
        """The citizen is in hospital again."""
        self.episode = episodes.readmit(self.session, self.episode.uuid, ward=self.ward, by=self.ward_nurse, at=at)
