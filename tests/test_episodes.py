"""What happens to an episode, and what follows from it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests import steps
from tests import world as worlds
from tests.steps import ADMITTED, DISCHARGED, call_of, entries, hours, live
from tests.world import ISBAR, World
from workflow import amendments, deadlines, episodes, misses, places, tasks, timeline
from workflow.actor import SYSTEM, Actor
from workflow.episodes import PhoneAgreement
from workflow.errors import Invalid, Missing, NotAllowed, NotFound, NotPossible, Stale
from workflow.handing import handovers
from workflow.tables import Deadline, Episode, Handover, HistoryEntry, Notice, Task
from workflow.vocabulary import Concerns, Ended, HandoverState, Outcome, TaskState, Verdict

# --- opening ---


def test_an_admission_starts_on_home_and_has_an_owner_and_a_next_step(
    session: Session, admitted: Episode, world: World
) -> None:
    assert (admitted.pathway_key, admitted.state) == ("home", "admitted")
    assert admitted.owner_unit_id == admitted.responsible_unit_id == world.ward.id
    (deadline,) = live(session, admitted)
    assert (deadline.concerns, deadline.due_at) == (Concerns.STATE, ADMITTED + hours(24))


@pytest.mark.parametrize(
    ("way_in", "owner", "responsible"),
    [
        ("general_practice", "facility", "practice"),
        ("municipality", "facility", "district"),
        ("citizen", "facility", "facility"),
        ("hospital", "ward", "ward"),
    ],
)
def test_tryghedshotellet_has_four_ways_in(
    session: Session, world: World, way_in: str, owner: str, responsible: str
) -> None:
    by = world.ward_nurse if way_in == "hospital" else world.facility_nurse
    episode = episodes.open_episode(
        session, worlds.citizen(session, world), "tryghedshotel", way_in, by=by, at=ADMITTED,
        facility=world.facility, district=world.district, practice=world.practice,
        ward=world.ward if way_in == "hospital" else None,
    )  # fmt: skip
    assert episode.owner_unit_id == getattr(world, owner).id
    assert episode.responsible_unit_id == getattr(world, responsible).id


def test_a_citizen_has_one_open_episode(session: Session, world: World, admitted: Episode) -> None:
    with pytest.raises(NotPossible, match="åbent forløb"), session.begin_nested():
        episodes.open_episode(
            session, admitted.citizen, "home", "admission", by=world.ward_nurse, at=ADMITTED, ward=world.ward
        )


def test_without_a_district_the_unit_that_receives_for_the_municipality_stands_in(
    session: Session, world: World
) -> None:
    episode = episodes.open_episode(
        session, worlds.citizen(session, world), "home", "admission", by=world.ward_nurse, at=ADMITTED, ward=world.ward
    )
    assert episode.district_id == world.district.id


def test_an_episode_without_a_ward_cannot_be_opened_by_an_admission(session: Session, world: World) -> None:
    with pytest.raises(NotPossible), session.begin_nested():
        episodes.open_episode(
            session, worlds.citizen(session, world), "home", "admission", by=world.ward_nurse, at=ADMITTED
        )


# --- what may happen, when, by whom ---


def test_what_cannot_happen_changes_nothing(session: Session, world: World, admitted: Episode) -> None:
    with pytest.raises(NotPossible, match="kan ikke ske"):
        episodes.record_event(session, admitted.uuid, "departed_home", by=world.ward_nurse, at=ADMITTED + hours(1))
    assert (admitted.state, entries(session, admitted)) == ("admitted", ["patient_admitted"])


def test_nobody_reports_for_another_unit(session: Session, world: World, admitted: Episode) -> None:
    for actor in (world.nurse, world.ward_manager):
        with pytest.raises(NotAllowed):
            episodes.record_event(session, admitted.uuid, "declared_ready", by=actor, at=ADMITTED + hours(1))
    with pytest.raises(NotFound):
        episodes.record_event(session, admitted.uuid, "declared_ready", by=world.stranger, at=ADMITTED + hours(1))


@pytest.mark.parametrize(
    ("effective_at", "why"),
    [
        (ADMITTED + hours(3), "fremtiden"),
        (ADMITTED - hours(1), "forinden"),
        (datetime(2026, 3, 12, 8, 0), "tidszone"),  # noqa: DTZ001 - a time without a zone is what is refused
    ],
)
def test_impossible_times_are_refused(
    session: Session, world: World, admitted: Episode, effective_at: datetime, why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        episodes.record_event(
            session, admitted.uuid, "declared_ready", by=world.ward_nurse, at=ADMITTED + hours(2),
            effective_at=effective_at,
        )  # fmt: skip


def test_who_saw_an_older_state_is_told(session: Session, world: World, admitted: Episode) -> None:
    episodes.record_event(session, admitted.uuid, "declared_ready", by=world.ward_nurse, at=ADMITTED + hours(1), seen=1)
    with pytest.raises(Stale):
        episodes.record_event(
            session, admitted.uuid, "condition_worsened", by=world.ward_nurse, at=ADMITTED + hours(2), seen=1
        )


def test_an_unknown_episode_is_not_found(session: Session, world: World, admitted: Episode) -> None:
    with pytest.raises(NotFound):
        episodes.record_event(session, admitted.citizen.uuid, "declared_ready", by=world.ward_nurse, at=ADMITTED)


def test_a_discharge_asks_for_a_handover_and_takes_a_reason_instead(
    session: Session, world: World, admitted: Episode
) -> None:
    with pytest.raises(Missing) as refused:
        episodes.record_event(session, admitted.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED)
    assert refused.value.items == ("handover_sent",)
    episodes.record_event(
        session, admitted.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED, reason="Borgeren ville hjem"
    )
    (missed,) = misses.of_episode(session, admitted)
    assert (missed.miss.code, missed.miss.owing_unit_id, missed.verdict) == ("M1", world.ward.id, Verdict.STANDS)
    (owed,) = session.scalars(select(Handover).where(Handover.episode_id == admitted.id))
    assert (owed.state, owed.from_unit_id, owed.to_unit_id) == (HandoverState.OWED, world.ward.id, world.district.id)
    assert admitted.responsible_unit_id == world.ward.id


def test_a_discharge_at_the_weekend_asks_for_an_agreement_by_phone(session: Session, world: World) -> None:
    saturday = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    episode = worlds.admit(session, world, saturday - hours(12), needs=("municipal_services",))
    handovers.send(session, episode.uuid, ISBAR, by=world.ward_nurse, at=saturday - hours(3))
    with pytest.raises(Missing) as refused:
        episodes.record_event(session, episode.uuid, "patient_discharged", by=world.ward_nurse, at=saturday)
    assert refused.value.items == ("phone_agreement",)
    agreed = PhoneAgreement(spoken_with="Maja Demo", made_at=saturday - hours(1), agreed="Besøg kl. 18")
    episodes.record_event(session, episode.uuid, "patient_discharged", by=world.ward_nurse, at=saturday, phone=agreed)
    task = session.scalars(select(Task).where(Task.episode_id == episode.id, Task.kind == "phone_agreement")).one()
    assert (task.state, task.spoken_with, task.rule) == (TaskState.DONE, "Maja Demo", "R07")


def test_a_message_is_asked_for_nothing_and_leaves_a_task_instead(session: Session, world: World) -> None:
    saturday = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
    episode = worlds.admit(session, world, saturday - hours(12), needs=("municipal_services",))
    message = Actor(name="Advis", origin=SYSTEM.origin)
    episodes.record_event(session, episode.uuid, "patient_discharged", by=message, at=saturday)
    kinds = set(session.scalars(select(Task.kind).where(Task.episode_id == episode.id, Task.state == TaskState.OPEN)))
    assert {"phone_agreement", "follow_up_call"} <= kinds


# --- re-routing ---


def test_choosing_tryghedshotellet_keeps_state_and_elapsed_time_in_one_entry(
    session: Session, world: World, admitted: Episode
) -> None:
    (before,) = live(session, admitted)
    amendments.reroute(
        session, admitted.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=ADMITTED + hours(20)
    )
    (after,) = live(session, admitted)
    assert (admitted.state, admitted.pathway_key) == ("admitted", "tryghedshotel")
    assert after.due_at == before.due_at == ADMITTED + hours(24)
    assert entries(session, admitted) == ["patient_admitted", "rerouted"]


def test_rerouting_after_the_discharge_gives_the_call_to_tryghedshotellet_at_the_same_time(
    session: Session, world: World, admitted: Episode
) -> None:
    handovers.send(session, admitted.uuid, ISBAR, by=world.ward_nurse, at=ADMITTED + hours(4))
    episodes.record_event(session, admitted.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED)
    call = call_of(session, admitted)
    assert (call.unit_id, call.due_at) == (world.district.id, DISCHARGED + hours(24))
    amendments.reroute(
        session, admitted.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=DISCHARGED + hours(1)
    )
    assert (call.unit_id, call.due_at, call.state) == (world.facility.id, DISCHARGED + hours(24), TaskState.OPEN)
    spans = session.scalars(select(Deadline).where(Deadline.task_id == call.id).order_by(Deadline.id)).all()
    assert [(span.unit_id, span.ended) for span in spans] == [
        (world.district.id, Ended.HANDED_ON),
        (world.facility.id, None),
    ]
    old, new = session.scalars(select(Handover).where(Handover.episode_id == admitted.id).order_by(Handover.id))
    assert (old.state, new.state, new.to_unit_id) == (HandoverState.WITHDRAWN, HandoverState.OWED, world.facility.id)
    assert not [judged for judged in misses.of_episode(session, admitted) if judged.miss.code == "M1"]


def test_discharge_and_choice_in_either_order_end_in_the_same(session: Session, world: World) -> None:
    ends = []
    for choice_first in (True, False):
        episode = worlds.admit(session, world, ADMITTED)
        steps = [
            lambda e=episode: amendments.reroute(
                session, e.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=DISCHARGED
            ),
            lambda e=episode: episodes.record_event(
                session, e.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED, reason="x"
            ),
        ]
        for step in steps if choice_first else reversed(steps):
            step()
        call = call_of(session, episode)
        ends.append((episode.state, episode.pathway_key, episode.owner_unit_id, call.unit_id, call.due_at, call.state))
    assert ends[0] == ends[1]


def test_tryghedshotellet_cannot_be_chosen_twice(session: Session, world: World, to_tryghedshotel: Episode) -> None:
    with pytest.raises(NotPossible):
        amendments.reroute(
            session,
            to_tryghedshotel.uuid,
            "tryghedshotel",
            facility=world.facility,
            by=world.coordinator,
            at=DISCHARGED,
        )


# --- corrections and cancellations ---


def test_a_corrected_discharge_time_moves_the_call_and_says_so(
    session: Session, world: World, discharged: Episode
) -> None:
    number = discharged.history_number
    amendments.correct_time(
        session, discharged.uuid, number, DISCHARGED - hours(1), by=world.coordinator, at=DISCHARGED + hours(2),
        reason="Skrevet forkert",
    )  # fmt: skip
    call = call_of(session, discharged)
    assert call.due_at == DISCHARGED + hours(23)
    entry = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc()).limit(1)).one()
    assert entry.facts["from"] == DISCHARGED.isoformat()
    assert entry.facts["to"] == (DISCHARGED - hours(1)).isoformat()
    moved = {tuple(m["due"]) for m in entry.facts["moved"] if m.get("task") == str(call.uuid)}
    assert moved == {((DISCHARGED + hours(24)).isoformat(), (DISCHARGED + hours(23)).isoformat())}


def test_a_correction_cannot_change_the_order_of_events(session: Session, world: World, discharged: Episode) -> None:
    with pytest.raises(Invalid):
        amendments.correct_time(
            session, discharged.uuid, discharged.history_number, ADMITTED - hours(1), by=world.coordinator,
            at=DISCHARGED + hours(1), reason="x",
        )  # fmt: skip
    with pytest.raises(Invalid, match="begrundelse"):
        amendments.correct_time(
            session, discharged.uuid, discharged.history_number, DISCHARGED, by=world.coordinator, at=DISCHARGED,
            reason=" ",
        )  # fmt: skip


def test_a_cancelled_discharge_restores_what_was_before(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    assert discharged.responsible_unit_id == world.facility.id
    number = session.scalars(
        select(HistoryEntry.number).where(
            HistoryEntry.episode_id == discharged.id, HistoryEntry.trigger == "patient_discharged"
        )
    ).one()
    amendments.cancel_event(
        session, discharged.uuid, number, by=world.coordinator, at=DISCHARGED + hours(2), reason="Forkert borger"
    )
    assert (discharged.state, discharged.responsible_unit_id) == ("admitted", world.ward.id)
    assert call_of(session, discharged).state == TaskState.WITHDRAWN
    assert (sent.state, sent.passed_at) == (HandoverState.ACCEPTED, None)
    episodes.record_event(
        session, discharged.uuid, "patient_discharged", by=world.coordinator, at=DISCHARGED + hours(4)
    )
    assert discharged.responsible_unit_id == world.facility.id  # accepted before: passes at the effective discharge
    assert call_of(session, discharged).due_at == DISCHARGED + hours(28)


def test_a_cancelled_death_restores_the_call_and_the_handover(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    episodes.record_event(session, discharged.uuid, "patient_died", by=world.facility_nurse, at=DISCHARGED + hours(3))
    call = call_of(session, discharged)
    assert (discharged.state, call.state, sent.state) == ("deceased", TaskState.WITHDRAWN, HandoverState.WITHDRAWN)
    assert live(session, discharged) == []
    amendments.cancel_event(
        session, discharged.uuid, discharged.history_number, by=world.facility_nurse, at=DISCHARGED + hours(4),
        reason="Forveksling",
    )  # fmt: skip
    assert (discharged.state, discharged.closed_at) == ("discharged", None)
    assert (call.state, call.due_at) == (TaskState.OPEN, DISCHARGED + hours(24))
    assert sent.state == HandoverState.SENT
    assert {d.concerns for d in live(session, discharged)} == {Concerns.STATE, Concerns.TASK, Concerns.HANDOVER_ANSWER}


def test_only_the_newest_event_can_be_cancelled(session: Session, world: World, discharged: Episode) -> None:
    with pytest.raises(NotPossible):
        amendments.cancel_event(session, discharged.uuid, 1, by=world.coordinator, at=DISCHARGED, reason="x")


def test_death_ends_everything_that_would_make_somebody_ring(
    session: Session, world: World, discharged: Episode
) -> None:
    episodes.record_event(session, discharged.uuid, "patient_died", by=world.facility_nurse, at=DISCHARGED + hours(3))
    assert live(session, discharged) == []
    assert deadlines.raise_due(session, at=DISCHARGED + timedelta(days=3)) == 0
    with pytest.raises(NotPossible):
        tasks.record_attempt(
            session, call_of(session, discharged).uuid, Outcome.COMPLETED, spoken_with="x", by=world.facility_nurse,
            at=DISCHARGED + hours(4),
        )  # fmt: skip


# --- back to hospital ---


def test_readmission_within_four_hours_is_the_same_stay(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + hours(1))
    same = episodes.readmit(session, discharged.uuid, ward=world.ward, by=world.ward_nurse, at=DISCHARGED + hours(4))
    assert same is discharged
    assert (same.state, same.responsible_unit_id) == ("admitted", world.ward.id)
    assert call_of(session, same).state == TaskState.WITHDRAWN
    assert sent.state == HandoverState.WITHDRAWN  # the next discharge needs a handover of its own


def test_readmission_later_is_a_new_episode_linked_to_the_old(
    session: Session, world: World, discharged: Episode
) -> None:
    at = DISCHARGED + hours(4) + timedelta(minutes=1)
    new = episodes.readmit(session, discharged.uuid, ward=world.other_ward, by=world.coordinator, at=at)
    assert (discharged.state, discharged.owner_unit_id) == ("closed", None)
    assert (new.previous_id, new.pathway_key, new.state) == (discharged.id, "home", "admitted")
    assert new.responsible_unit_id == world.other_ward.id
    assert call_of(session, discharged).state == TaskState.WITHDRAWN


# --- the house and home ---


def test_leaving_tryghedshotellet_needs_a_handover_to_the_district_and_no_second_call(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + hours(0.5))
    places.reserve(session, world.places[0].uuid, discharged.uuid, by=world.facility_nurse, at=DISCHARGED)
    episodes.record_event(
        session, discharged.uuid, "patient_arrived", by=world.facility_nurse, at=DISCHARGED + hours(1)
    )
    home = DISCHARGED + timedelta(days=3)
    going = handovers.send(session, discharged.uuid, ISBAR, by=world.facility_nurse, at=home - hours(5))
    assert (going.to_unit_id, going.trigger) == (world.district.id, "departed_home")
    episodes.record_event(session, discharged.uuid, "departed_home", by=world.facility_nurse, at=home)
    assert (discharged.owner_unit_id, discharged.responsible_unit_id) == (world.district.id, world.facility.id)
    steps.receive(session, going.uuid, by=world.nurse, at=home + hours(1))
    assert discharged.responsible_unit_id == world.district.id
    calls = session.scalars(select(Task).where(Task.episode_id == discharged.id, Task.kind == "follow_up_call")).all()
    assert len(calls) == 1
    assert len(places.free_places(session, world.facility.id, world.places[0].kind, at=home)) == 3


def test_an_episode_closes_only_when_its_tasks_are_done(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    steps.receive(session, sent.uuid, by=world.facility_nurse, at=DISCHARGED + hours(0.5))
    episodes.record_event(
        session, discharged.uuid, "patient_arrived", by=world.facility_nurse, at=DISCHARGED + hours(1)
    )
    handovers.send(session, discharged.uuid, ISBAR, by=world.facility_nurse, at=DISCHARGED + hours(2))
    episodes.record_event(session, discharged.uuid, "departed_home", by=world.facility_nurse, at=DISCHARGED + hours(3))
    with pytest.raises(Missing):
        episodes.record_event(session, discharged.uuid, "episode_closed", by=world.nurse, at=DISCHARGED + hours(5))
    tasks.record_attempt(
        session, call_of(session, discharged).uuid, Outcome.COMPLETED, spoken_with="Anders Demo",
        by=world.facility_nurse, at=DISCHARGED + hours(6),
    )  # fmt: skip
    episodes.record_event(session, discharged.uuid, "episode_closed", by=world.nurse, at=DISCHARGED + hours(7))
    assert (discharged.state, live(session, discharged)) == ("closed", [])


def test_a_review_starts_the_next_day_of_looking(session: Session, world: World, admitted: Episode) -> None:
    for day in (1, 2):
        at = ADMITTED + timedelta(days=day) - hours(1)
        amendments.review(session, admitted.uuid, by=world.ward_nurse, at=at)
        (deadline,) = live(session, admitted)
        assert deadline.due_at == at + hours(24)


def test_units_that_take_part_are_told_and_the_reporter_is_not(
    session: Session, world: World, discharged: Episode
) -> None:
    told = session.execute(
        select(Notice.unit_id, Notice.topic).where(
            Notice.episode_id == discharged.id, Notice.topic == "patient_discharged"
        )
    ).all()
    assert {row.unit_id for row in told} == {world.ward.id, world.facility.id, world.district.id}


def test_a_replayed_history_ends_in_the_state(session: Session, discharged: Episode) -> None:
    session.flush()
    assert timeline.fold(timeline.entries(session, discharged)).state == discharged.state


@pytest.mark.parametrize("statement", ["update history set actor = 'x'", "delete from history", "delete from misses"])
def test_the_database_refuses_to_change_what_only_grows(session: Session, admitted: Episode, statement: str) -> None:
    session.flush()
    with pytest.raises(Exception, match=r"permission denied|only ever added"), session.begin_nested():
        session.execute(text(statement))


def test_a_closing_event_is_not_cancelled_while_a_newer_episode_is_open(
    session: Session, world: World, discharged: Episode
) -> None:
    at = DISCHARGED + hours(10)
    new = episodes.readmit(session, discharged.uuid, ward=world.ward, by=world.ward_nurse, at=at)
    readmission = discharged.history_number
    with pytest.raises(NotPossible, match="åbent forløb"):
        amendments.cancel_event(session, discharged.uuid, readmission, by=world.ward_nurse, at=at, reason="Fejl")
    episodes.record_event(session, new.uuid, "episode_cancelled", by=world.ward_nurse, at=at, reason="Forkert borger")
    amendments.cancel_event(session, discharged.uuid, readmission, by=world.ward_nurse, at=at, reason="Forkert borger")
    assert (discharged.state, call_of(session, discharged).state) == ("discharged", TaskState.OPEN)


def test_a_verdict_and_a_phone_agreement_in_one_event(session: Session, world: World, discharged: Episode) -> None:
    session.flush()
    while deadlines.raise_due(session, at=DISCHARGED + hours(24)):
        pass
    episodes.record_event(
        session, discharged.uuid, "patient_readmitted", by=world.ward_nurse, at=DISCHARGED + hours(25),
        effective_at=DISCHARGED + hours(20), reason="Hørt senere",
        phone=PhoneAgreement(spoken_with="Maja Demo", made_at=DISCHARGED + hours(19), agreed="Indlægges"),
    )  # fmt: skip
    verdicts = {judged.miss.code.value: judged.verdict for judged in misses.of_episode(session, discharged)}
    assert verdicts["M5"] == Verdict.EXCLUDED


def test_a_cancelled_departure_restores_the_handover_that_it_withdrew(
    session: Session, world: World, discharged: Episode, sent: Handover
) -> None:
    at = DISCHARGED + hours(1)
    episodes.record_event(session, discharged.uuid, "patient_arrived", by=world.facility_nurse, at=at)
    episodes.record_event(
        session, discharged.uuid, "departed_home", by=world.facility_nurse, at=at, reason="Ville hjem"
    )
    assert sent.state == HandoverState.WITHDRAWN
    session.flush()
    amendments.cancel_event(
        session, discharged.uuid, discharged.history_number, by=world.facility_nurse, at=at, reason="Blev alligevel"
    )
    session.flush()
    assert (sent.state, discharged.responsible_unit_id) == (HandoverState.SENT, world.ward.id)


def test_a_citizen_who_is_home_may_be_rerouted_to_home(session: Session, world: World, discharged: Episode) -> None:
    at = DISCHARGED + hours(1)
    episodes.record_event(session, discharged.uuid, "patient_arrived", by=world.facility_nurse, at=at)
    episodes.record_event(
        session, discharged.uuid, "departed_home", by=world.facility_nurse, at=at, reason="Ville hjem"
    )
    amendments.reroute(session, discharged.uuid, "home", by=world.nurse, at=at)
    assert (discharged.pathway_key, discharged.state) == ("home", "at_home")


def test_after_a_reroute_an_event_from_a_state_of_the_old_way_is_not_cancelled(
    session: Session, world: World, discharged: Episode
) -> None:
    at = DISCHARGED + hours(1)
    episodes.record_event(session, discharged.uuid, "patient_arrived", by=world.facility_nurse, at=at)
    episodes.record_event(
        session, discharged.uuid, "departed_home", by=world.facility_nurse, at=at, reason="Ville hjem"
    )
    departed = discharged.history_number
    amendments.reroute(session, discharged.uuid, "home", by=world.nurse, at=at)
    with pytest.raises(NotPossible, match="På Tryghedshotellet"):
        amendments.cancel_event(session, discharged.uuid, departed, by=world.nurse, at=at, reason="Fejl")


def test_nobody_admits_the_dead_until_the_death_is_cancelled(
    session: Session, world: World, discharged: Episode
) -> None:
    died = DISCHARGED + hours(3)
    by = world.ward_nurse
    episodes.record_event(session, discharged.uuid, "patient_died", by=world.facility_nurse, at=died)
    number = discharged.history_number

    def admit(effective_at: datetime) -> Episode:
        return episodes.open_episode(
            session, discharged.citizen, "home", "admission", by=by, at=died + hours(2), effective_at=effective_at,
            ward=world.ward, district=world.district,
        )  # fmt: skip

    for when in (died + hours(1), ADMITTED + hours(1)):
        with pytest.raises(NotPossible) as refused:
            admit(when)
        assert (refused.value.code, refused.value.facts["at"]) == ("citizen_has_died", died)
    amendments.cancel_event(
        session, discharged.uuid, number, by=world.facility_nurse, at=died + hours(1), reason="Forkert borger"
    )
    with pytest.raises(NotPossible) as refused:
        admit(died + hours(1))
    assert refused.value.code == "citizen_has_open_episode"


def test_what_a_person_opens_comes_after_the_last_stay(session: Session, world: World, discharged: Episode) -> None:
    at = DISCHARGED + hours(6)
    house = world.facility_nurse
    episodes.record_event(session, discharged.uuid, "patient_arrived", by=house, at=DISCHARGED + hours(1))
    episodes.record_event(
        session, discharged.uuid, "episode_cancelled", by=house, at=DISCHARGED + hours(2), reason="Fejl"
    )
    with pytest.raises(Invalid):
        episodes.open_episode(
            session, discharged.citizen, "home", "admission", by=world.ward_nurse, at=at, ward=world.ward,
            effective_at=ADMITTED + hours(1), district=world.district,
        )  # fmt: skip
    again = episodes.open_episode(
        session, discharged.citizen, "home", "admission", by=world.ward_nurse, at=at, ward=world.ward,
        effective_at=DISCHARGED + hours(3), district=world.district,
    )  # fmt: skip
    assert again.state == "admitted"


def test_on_an_episode_that_is_over_nothing_is_planned(session: Session, world: World, admitted: Episode) -> None:
    by, at = world.ward_nurse, ADMITTED + hours(2)
    episodes.record_event(session, admitted.uuid, "episode_cancelled", by=by, at=at, reason="Fejl")
    with pytest.raises(NotPossible, match="afsluttet"):
        amendments.expect_discharge(session, admitted.uuid, at + hours(3), by=by, at=at + hours(1))
    with pytest.raises(NotPossible, match="afsluttet"):
        amendments.record_need(session, admitted.uuid, "rehabilitation_plan", by=by, at=at + hours(1))
