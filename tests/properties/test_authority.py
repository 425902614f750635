"""Who may do what: everything that changes an episode, tried by every role of every unit, with units of every kind.

Whatever it is that somebody gets done, responsibility has moved by a handover or not at all, whoever owns an open
episode can act on it, and nobody has made a relation for themselves. What is refused is refused with a sentence.
"""

import importlib
import inspect
import itertools
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from types import ModuleType
from typing import Any, get_type_hints

import pytest
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

import workflow
from tests import world as worlds
from tests.steps import ADMITTED, hours
from tests.world import ISBAR, World
from workflow import amendments, episodes, merging, observations, places, tasks
from workflow.actor import Actor
from workflow.cpr import Cpr
from workflow.episodes import PhoneAgreement
from workflow.errors import WorkflowError
from workflow.handing import handovers
from workflow.medcom import addresses, letters
from workflow.opening import Wanted
from workflow.parties import unit_as
from workflow.pathways import PATHWAYS, pathway
from workflow.seeing import access, objections
from workflow.seeing.access_log import Visit
from workflow.tables import Citizen, Episode, Handover, Organisation, Person, PersonRole, Place, Task, Thread, Unit
from workflow.vocabulary import (
    EntryKind,
    HandoverState,
    Language,
    Observed,
    OrganisationKind,
    Origin,
    Outcome,
    Party,
    PlaceKind,
    Role,
    UnitKind,
)

NOW = ADMITTED + hours(30)
MESSAGE = Actor(name="MedCom", origin=Origin.MESSAGE)
CARING = {UnitKind.WARD, UnitKind.FACILITY, UnitKind.DISTRICT, UnitKind.PRACTICE}
UNITS_KINDS = {
    Party.WARD: UnitKind.WARD, Party.FACILITY: UnitKind.FACILITY, Party.DISTRICT: UnitKind.DISTRICT,
    Party.PRACTICE: UnitKind.PRACTICE,
}  # fmt: skip

# ---- what there is to try ----

READS = {
    "cluster.read", "handing.handover_view.view", "lists.board.views.kept", "medcom.conversation.fetch",
    "medcom.posting.our_address", "medcom.threads.about", "opening.desk", "seeing.break_glass.current",
    "seeing.relations.fetch_for", "seeing.sight.introduce", "seeing.sight.open",
}  # fmt: skip
PARTS = {  # of others, which have asked whether it may be: they are given what is locked, or read, already
    "handing.drafts.spend", "history.append", "misses.judge", "misses.leave_to_managers", "place_stays.follow",
    "places.give", "seeing.access_log.write", "seeing.relations.refresh", "settle.settle",
    "settling.verdicts.settle_misses", "tasks.note_phone_agreement", "telling.outbox.tell",
}  # fmt: skip
OFFICE = (  # agreements, people, units, views and messages that failed: of administrators, and of nobody's episode
    "agreeing.", "agreements.", "rewording.", "staff.", "telling.delivery.", "lists.board.views.",
)  # fmt: skip


def functions() -> dict[str, Callable[..., Any]]:
    """Every function of the engine that somebody does something by, as `module.name`."""
    found: dict[str, Callable[..., Any]] = {}
    for module in _modules():
        for name, function in vars(module).items():
            if not inspect.isfunction(function) or function.__module__ != module.__name__ or name.startswith("_"):
                continue
            given = inspect.signature(function).parameters
            if "session" in given and any(one.annotation is Actor for one in given.values()):
                found[f"{module.__name__.removeprefix('workflow.')}.{name}"] = function
    return found


def _modules() -> Iterator[ModuleType]:
    for one in pkgutil.walk_packages(workflow.__path__, "workflow."):
        yield importlib.import_module(one.name)


def tried() -> dict[str, Callable[..., Any]]:
    """Those that are tried here."""
    left_out = READS | PARTS
    return {
        name: function
        for name, function in functions().items()
        if name not in left_out and not name.startswith(OFFICE)
    }  # fmt: skip


# ---- where it is tried ----


@dataclass
class Town:
    """The small world with units of every kind, episodes in every state, and somebody in every role of every unit."""

    world: World
    units: list[Unit] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    citizens: list[Citizen] = field(default_factory=list)
    fresh: Citizen = field(init=False)  # nobody has seen them before
    numbers: list[Cpr] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(default_factory=dict)  # public numbers of what hangs on the episodes


def _unit(session: Session, organisation: Organisation, name: str, kind: UnitKind) -> Unit:
    unit = Unit(organisation_id=organisation.id, name=name, kind=kind)
    session.add(unit)
    session.flush()
    return unit


@pytest.fixture
def town(session: Session, world: World) -> Town:
    """Built by real steps; everybody works for real in the unit that they act in."""
    neighbour = session.get_one(Organisation, world.stranger.organisation_id)
    other = Organisation(name="Andet Hospital Demo", kind=OrganisationKind.HOSPITAL, parent_id=world.region.id)
    session.add(other)
    session.flush()
    made = [
        _unit(session, other, "A1", UnitKind.WARD),
        _unit(session, neighbour, "Korttidspladserne", UnitKind.FACILITY),
        _unit(session, world.hospital, "Kontor", UnitKind.ADMINISTRATION),
        _unit(session, world.municipality, "Rådhus", UnitKind.ADMINISTRATION),
    ]
    house = world.facility.id
    session.add(Place(unit_id=made[1].id, name="1", kind=PlaceKind.SHORT_STAY, extra=False))
    session.add_all(Place(unit_id=house, name=f"{n}", kind=PlaceKind.TRYGHEDSHOTEL, extra=False) for n in (4, 5, 6))
    known = [
        session.get_one(Unit, world.coordinator.unit_id), world.ward, world.other_ward, world.district,
        world.other_district, world.facility, world.practice,
    ]  # fmt: skip
    town = Town(world, units=[*known, *made])
    for unit in town.units:
        for role in Role:
            person = Person(username=f"{unit.id}-{role}", name=f"{role} Demo", active=True)
            session.add(person)
            session.flush()
            session.add(PersonRole(person_id=person.id, unit_id=unit.id, role=role))
            town.people.append(person)
            town.actors.append(
                Actor(
                    name=person.name, unit_id=unit.id, organisation_id=unit.organisation_id, person_id=person.id,
                    roles=frozenset({role}),
                )
            )  # fmt: skip
    _live(session, town)
    session.flush()
    session.expire_all()
    return town


def _live(session: Session, town: Town) -> None:
    """Citizens in the ward, to be discharged, discharged, in the house, at home, gone, planned, without a number."""
    world = town.world
    ward, house, home = world.ward_nurse, world.facility_nurse, world.nurse
    addresses.register(session, world.district, "1", at=ADMITTED)
    addresses.register(session, world.ward, "2", at=ADMITTED)

    def walk(steps: int) -> Episode:
        episode = worlds.admit(session, world, ADMITTED, needs=("municipal_services",))
        taken: list[Callable[[], object]] = [
            lambda: amendments.reroute(
                session, episode.uuid, "tryghedshotel", facility=world.facility, by=world.coordinator, at=ADMITTED
            ),
            lambda: handovers.send(session, episode.uuid, ISBAR, by=ward, at=ADMITTED + hours(1)),
            lambda: episodes.record_event(
                session, episode.uuid, "patient_discharged", by=ward, at=ADMITTED + hours(26), phone=_phone()
            ),
            lambda: handovers.read(session, _newest(session, episode), by=house, at=ADMITTED + hours(27)),
            lambda: handovers.accept(session, _newest(session, episode), by=house, at=ADMITTED + hours(27), version=1),
            lambda: episodes.record_event(session, episode.uuid, "patient_arrived", by=house, at=ADMITTED + hours(28)),
            lambda: handovers.send(session, episode.uuid, ISBAR, by=house, at=ADMITTED + hours(28.5)),
            lambda: episodes.record_event(session, episode.uuid, "departed_home", by=house, at=ADMITTED + hours(29)),
            lambda: handovers.read(session, _newest(session, episode), by=home, at=ADMITTED + hours(29)),
            lambda: handovers.accept(session, _newest(session, episode), by=home, at=ADMITTED + hours(29), version=1),
            lambda: episodes.record_event(
                session, episode.uuid, "episode_cancelled", by=home, at=ADMITTED + hours(29.5), reason="Prøve"
            ),
        ]
        for step in taken[:steps]:
            step()
        return episode

    town.episodes = [walk(steps) for steps in (0, 2, 3, 4, 5, 6, 10, 11)]
    guest = episodes.open_episode(
        session, worlds.citizen(session, world), "tryghedshotel", "municipality", by=home, at=ADMITTED,
        facility=world.facility, district=world.district,
    )  # fmt: skip
    unnumbered = episodes.open_episode(
        session, worlds.citizen(session, world, replacement=True), "home", "admission", by=ward, at=ADMITTED,
        ward=world.ward,
    )  # fmt: skip
    town.episodes += [guest, unnumbered]
    session.flush()
    in_house = town.episodes[5]
    call = session.scalars(
        select(Task).where(Task.episode_id == in_house.id, Task.kind == "follow_up_call").order_by(Task.id)
    ).first()
    assert call is not None
    letters.begin(session, call, "Hvem ringer vi til?", by=house, at=NOW, real_at=NOW)
    _hang(session, town, guest, call)
    merged = merging.merge(
        session, unnumbered.citizen, worlds.citizen(session, world), by=ward, at=NOW, reason="Fundet"
    )
    session.flush()
    everybody = [episode.citizen for episode in town.episodes]
    fresh, theirs, nobodys = (worlds.citizen(session, world) for _ in range(3))
    theirs.municipality_id, nobodys.municipality_id = world.stranger.organisation_id, None
    town.fresh = fresh
    town.citizens = [*everybody, fresh, theirs, nobodys, worlds.citizen(session, world, replacement=True)]
    town.numbers = [*(citizen.cpr for citizen in town.citizens), Cpr("0119409999")]
    town.rows = {
        "place_id": list(session.scalars(select(Place.uuid))),
        "handover_id": list(session.scalars(select(Handover.uuid))),
        "task_id": list(session.scalars(select(Task.uuid))),
        "thread_id": list(session.scalars(select(Thread.uuid))),
        "merge_id": [merged.uuid],
        "about": [*session.scalars(select(Task)), *session.scalars(select(Handover))],
    }


def _hang(session: Session, town: Town, guest: Episode, call: Task) -> None:
    """What else can be gone on with: places, a question, an objection, tasks that are done, claimed, or may be idle."""
    world, at = town.world, ADMITTED + hours(29)
    first, second, third = (place.uuid for place in world.places)
    places.reserve(session, first, guest.uuid, by=world.facility_nurse, at=at)
    places.reserve(session, second, town.episodes[3].uuid, by=world.facility_nurse, at=at)
    places.close(session, third, by=world.facility_nurse, at=at, reason="Rengøring")
    fourth = session.scalars(select(Place.uuid).where(Place.unit_id == world.facility.id, Place.name == "4")).one()
    places.reserve(session, fourth, town.episodes[5].uuid, by=world.facility_nurse, at=at - hours(1))
    places.arrive(session, town.episodes[5].uuid, by=world.facility_nurse, at=at)
    kind = PlaceKind.TRYGHEDSHOTEL
    places.request(session, world.facility.id, kind, town.episodes[1].uuid, by=world.coordinator, at=at)
    objections.register(session, guest.citizen_id, "Intet til hospitalet", by=world.nurse, at=at)
    idle = session.scalars(
        select(Task).where(Task.done_by == "contact", Task.state == "open", Task.id != call.id).order_by(Task.id)
    ).first()
    assert idle is not None
    by = next(one for one in town.actors if one.unit_id == idle.unit_id and one.sees_patients)
    tasks.record_attempt(session, idle.uuid, Outcome.NOT_RELEVANT, by=by, at=at, note="Bor ikke alene")
    done = Outcome.COMPLETED
    tasks.record_attempt(session, call.uuid, done, by=world.facility_nurse, at=at, spoken_with="Anders Demo")
    report = session.scalars(
        select(Task).where(Task.kind == "admission_report", Task.episode_id == town.episodes[0].id)
    ).one()
    tasks.complete(
        session, report.uuid, by=world.nurse, at=at, done_at=ADMITTED + hours(23), record="Sendt", reason="Travlt"
    )  # a time that the ward, or a manager, must confirm
    observations.record(
        session, town.episodes[4].uuid, Observed.MEDICINE, "Er den dosis rigtig?", by=world.facility_nurse, at=at,
        asks=world.ward,
    )  # fmt: skip


def _newest(session: Session, episode: Episode) -> Any:
    session.flush()
    own = select(Handover.uuid).where(Handover.episode_id == episode.id).order_by(Handover.id.desc())
    return session.scalars(own.limit(1)).one()


def _phone() -> PhoneAgreement:
    return PhoneAgreement(spoken_with="Maja Demo", made_at=ADMITTED + hours(25), agreed="Hjemmepleje i aften")


# ---- with what it is tried ----

TRIGGERS = sorted({transition.trigger for one in PATHWAYS.values() for transition in one.transitions})
WAYS = [(key, way.key) for key, _ in PATHWAYS for way in PATHWAYS[key, 1].ways_in]
UNITS = ("ward", "facility", "district", "practice")
Maker = Callable[[Town, Random, dict[str, Any]], Any]


def _choice(of: Callable[[Town], list[Any]]) -> Maker:
    return lambda town, random, given: random.choice(of(town))


def _wanted(town: Town, random: Random, given: dict[str, Any]) -> Wanted:
    named = {party: str(one.uuid) if (one := _party(party)(town, random, given)) else "" for party in UNITS}
    home = random.choice([town.world.municipality.uuid, ""])
    return Wanted(way=":".join(random.choice(WAYS)), name="Ny Demo", municipality=str(home), **named)


def _party(name: str) -> Maker:
    """Mostly one that could be it, and else any."""
    return lambda town, random, given: random.choice([getattr(town.world, name), None] * 20 + town.units)


def _trigger(town: Town, random: Random, given: dict[str, Any]) -> str:
    """Mostly what can happen to the episode that is spoken of."""
    of = next(one for one in town.episodes if one.uuid == given["episode_id"])
    possible = [one.trigger for one in pathway(of.pathway_key, of.pathway_version).leaving(of.state)]
    return random.choice(possible * 3 + TRIGGERS)


def _way_in(town: Town, random: Random, given: dict[str, Any]) -> str:
    """One of the pathway that is spoken of."""
    return random.choice([way for key, way in WAYS if key in given.values()])


def _number(town: Town, random: Random, given: dict[str, Any]) -> int:
    """Mostly the newest entry of the episode that is spoken of."""
    of = next((one for one in town.episodes if one.uuid == given.get("episode_id")), town.episodes[0])
    return random.choice([of.history_number, of.history_number, random.randint(1, 12)])


def _by_name(name: str) -> Maker:
    return _choice(lambda town: town.rows[name])


MADE: dict[str, Maker] = {
    **{name: _by_name(name) for name in ("place_id", "handover_id", "task_id", "thread_id", "merge_id", "about")},
    "episode_id": _choice(lambda town: [one.uuid for one in town.episodes]),
    "episode": _choice(lambda town: town.episodes),
    "citizen": _choice(lambda town: [*town.citizens, *[town.fresh] * 30]),
    "replacement": _choice(lambda town: town.citizens),
    "real": _choice(lambda town: town.citizens),
    "citizen_id": _choice(lambda town: [one.id for one in town.citizens]),
    "cpr": _choice(lambda town: [*town.numbers, *[town.fresh.cpr] * 30]),
    "unit_id": _choice(lambda town: [one.id for one in [*town.units, *[town.world.facility] * 20]]),
    "home": _choice(lambda town: [*[town.world.municipality.id] * 3, town.world.stranger.organisation_id, None]),
    **{party: _party(party) for party in UNITS},
    "number": _number,
    "seen": lambda town, random, given: random.choice([0, 1, _number(town, random, given)]),
    "version": lambda town, random, given: random.randint(1, 2),
    "trigger": _trigger,
    "category": lambda town, random, given: "discharge",
    "pathway_key": lambda town, random, given: random.choice(WAYS)[0],
    "pathway": lambda town, random, given: random.choice(WAYS)[0],
    "way_in": _way_in,
    "wanted": _wanted,
    "effective_at": lambda town, random, given: random.choice([None, NOW, NOW - hours(1)]),
    "expected_at": lambda town, random, given: NOW + hours(5),
    "at": lambda town, random, given: NOW,
    "real_at": lambda town, random, given: NOW,
    "visit": lambda town, random, given: Visit(what="prøve", at=NOW),
    "need": lambda town, random, given: random.choice(["rehabilitation_plan", "same_day_action"]),
    "outcome": lambda town, random, given: random.choice(list(Outcome)),
    "next_try_at": lambda town, random, given: NOW + hours(1),
    "content": lambda town, random, given: ISBAR,
    "count": lambda town, random, given: random.randint(5, 9),
    "spoken_with": lambda town, random, given: "Anders Demo",
    "take_over": lambda town, random, given: True,
    "goes_on": lambda town, random, given: random.choice(town.episodes).uuid,
}
OF_TYPE: dict[object, Maker] = {
    str: lambda town, random, given: "Prøve",
    str | None: lambda town, random, given: random.choice([None, "Prøve"]),
    Unit: _choice(lambda town: [*town.units, *[town.world.facility, town.world.ward, town.world.other_ward] * 4]),
    Unit | None: _choice(lambda town: [None, *town.units]),
    Person | None: _choice(lambda town: [None, *town.people]),
    date: lambda town, random, given: NOW.date() + timedelta(days=random.randint(0, 3)),
    date | None: lambda town, random, given: random.choice([None, NOW.date() + timedelta(days=1)]),
    datetime: lambda town, random, given: NOW,
    bool: lambda town, random, given: random.random() < 0.5,
    PhoneAgreement | None: lambda town, random, given: _phone(),
    PlaceKind: lambda town, random, given: random.choice(list(PlaceKind)),
    Observed: lambda town, random, given: random.choice([one for one in Observed if one != Observed.TOBS]),
}


def makers(name: str, function: Callable[..., Any]) -> dict[str, Maker | None]:
    """How to make every parameter that is asked for, or that this knows; None for who does it."""
    hints = get_type_hints(function)
    made: dict[str, Maker | None] = {}
    for parameter in inspect.signature(function).parameters.values():
        wanted = parameter.name
        maker = OF_TYPE.get(Unit) if hints[wanted] is Unit else MADE.get(wanted) or OF_TYPE.get(hints[wanted])
        if hints[wanted] is Actor:
            made[wanted] = None
        elif maker is not None:
            made[wanted] = maker
        else:  # a new kind of thing is a line above
            known = wanted == "session" or parameter.default is not parameter.empty
            assert known, f"say how to make the {wanted} of {name}"
    return made


# ---- what holds ----

_EPISODES = text("""
    select id, citizen_id, state, pathway_key, pathway_version, ward_id, facility_id, district_id, practice_id,
           hospital_id, municipality_id, owner_unit_id, responsible_unit_id, related, closed_at, history_number
    from episodes order by id
""")


def standing(session: Session) -> dict[int, Row[Any]]:
    """Every episode as it stands, by its number."""
    session.flush()
    return {row.id: row for row in session.execute(_EPISODES)}


def hold(session: Session, town: Town, by: Actor, before: dict[int, Row[Any]], what: str) -> None:
    """What must be so after somebody has got something done."""
    kinds = {unit.id: unit for unit in town.units}
    after = standing(session)
    for number, now in after.items():
        was = before.get(number)
        if now.closed_at is None:
            _can_act(now, kinds, what)
        if was is None:
            _may_begin(session, by, now, kinds, what)
            continue
        if was.closed_at is not None and now.closed_at is not None:
            _only_late_facts(session, was, what)
        if now.responsible_unit_id not in {was.responsible_unit_id, None}:
            _moved_by_a_handover(session, by, was, now, what)
        if _related(by, now):
            assert _related(by, was), f"{what}: {by} has made a relation for themselves"


LATE = {  # what may be written on an episode that is over
    EntryKind.CORRECTED, EntryKind.CANCELLED, EntryKind.TASK_CONFIRMED, EntryKind.CLAIM_REFUSED, EntryKind.MERGED,
    EntryKind.UNMERGED, EntryKind.CITIZEN_INFORMED,
}  # fmt: skip


def _only_late_facts(session: Session, was: Any, what: str) -> None:
    newer = text("select kind from history where episode_id = :id and number > :seen")
    written = set(session.scalars(newer, {"id": was.id, "seen": was.history_number}))
    assert written <= LATE, f"{what}: {written} on an episode that is over"


def _related(by: Actor, episode: Any) -> bool:
    return access.has_relation(by, episode)


def _can_act(episode: Any, units: dict[int, Unit], what: str) -> None:
    owner = pathway(episode.pathway_key, episode.pathway_version).state(episode.state).owner
    assert owner is not None, what
    party = pathway(episode.pathway_key, episode.pathway_version).receiver if owner == Party.RECEIVER else owner
    assert units[episode.owner_unit_id].kind == UNITS_KINDS[party], f"{what}: the owner cannot act"
    assert units[episode.responsible_unit_id].kind in CARING, f"{what}: the responsible unit cannot act"
    for one, kind in UNITS_KINDS.items():
        unit_id = unit_as(episode, one)
        assert unit_id is None or units[unit_id].kind == kind, f"{what}: {one} is a {units[unit_id].kind}"


def _may_begin(session: Session, by: Actor, episode: Any, units: dict[int, Unit], what: str) -> None:
    responsible = units[episode.responsible_unit_id]
    home = session.get_one(Citizen, episode.citizen_id).municipality_id
    assert units[episode.district_id].organisation_id == home, f"{what}: the district is elsewhere"
    if responsible.kind == UnitKind.WARD:
        assert by.roles & {Role.WARD_NURSE, Role.DISCHARGE_COORDINATOR}, what
        assert responsible.organisation_id == by.organisation_id, f"{what}: another hospital's ward"
        return
    assert by.roles & {Role.MUNICIPAL_NURSE, Role.FACILITY_NURSE}, what
    assert home == by.organisation_id, f"{what}: a citizen of another municipality"
    assert responsible.kind == UnitKind.PRACTICE or responsible.organisation_id == by.organisation_id, what
    assert episode.ward_id is None, f"{what}: a municipality admits nobody"


def _moved_by_a_handover(session: Session, by: Actor, was: Any, now: Any, what: str) -> None:
    newest = session.execute(
        text("select kind from history where episode_id = :id and number > :seen"),
        {"id": now.id, "seen": was.history_number},
    )
    if EntryKind.TRANSFERRED in set(newest.scalars()):
        assert access.cares_for(by, Party.WARD, was), f"{what}: {by} moved another ward's citizen"
        assert now.hospital_id == was.hospital_id, f"{what}: to another hospital"
        return
    passed = session.execute(
        text("""select state, to_unit_id from handovers where episode_id = :id and passed_at is not null"""),
        {"id": now.id},
    ).all()
    had = session.execute(
        text("select responsible_unit_id from history where episode_id = :id and number <= :seen"),
        {"id": now.id, "seen": was.history_number},
    )
    taken = (HandoverState.ACCEPTED, now.responsible_unit_id) in {tuple(one) for one in passed}
    assert taken or now.responsible_unit_id in set(had.scalars()), f"{what}: nobody has accepted it"


# ---- the tries ----

MOST, ENOUGH = 500, 2  # tries of each function by those who may; in the short form, until so much was done


def test_what_anybody_gets_done_is_theirs_to_do(session: Session, town: Town, request: pytest.FixtureRequest) -> None:
    """Each function by everybody, and by those of the citizens' own units, who get things done, some more."""
    soak = bool(request.config.getoption("--soak"))
    random, done, said = Random(None if soak else 86), Counter[str](), set[str]()
    theirs = {town.world.ward.id, town.world.district.id, town.world.facility.id, town.world.coordinator.unit_id}
    own = [by for by in town.actors if by.unit_id in theirs and by.sees_patients]
    before = standing(session)
    for name, function in tried().items():
        made = makers(name, function)
        everybody = town.actors * 20 if soak else random.sample(town.actors, 12)
        for by in itertools.chain(everybody, itertools.islice(itertools.cycle(own), MOST)):
            if done[name] >= ENOUGH and not soak:
                break
            given: dict[str, Any] = {}
            for wanted, maker in made.items():
                given[wanted] = by if maker is None else maker(town, random, given)
            point, seen = session.begin_nested(), done[name]
            try:
                function(session, **given)
            except WorkflowError as refusal:
                said.add(refusal.say(Language.DANISH))
            else:
                done[name] += 1
                hold(session, town, by, before, f"{name}({given})")
            point.rollback()
            if done[name] > seen:  # the session holds what was done, and has been taken back
                session.expire_all()
    assert "" not in said
    never = set(tried()) - set(done)
    assert len(never) < len(tried()) / 20, f"nobody got these done: the town lacks what they go on with: {never}"


def test_every_function_is_tried_or_has_a_reason_not_to_be() -> None:
    """A name that is gone is taken off the lists; a new function is tried by itself."""
    found = set(functions())
    assert found >= READS | PARTS
    assert {prefix for prefix in OFFICE if not any(name.startswith(prefix) for name in found)} == set()
    assert len(tried()) > 40
