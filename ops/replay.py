"""Plays scenarios of messages through the engine in a schema of their own, of which nothing is left afterwards."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, select, text
from sqlalchemy.orm import Session

from ops.errors import CannotDo
from workflow import agreements, citizens, keys
from workflow.actor import SYSTEM
from workflow.cpr import Cpr
from workflow.db import Base
from workflow.errors import Invalid
from workflow.medcom import addresses, envelope, notification, receiving, stored, wire
from workflow.medcom.problems import Unreadable
from workflow.medcom.stays import State
from workflow.medcom.tree import Tree, each, pick, resources
from workflow.settings import Settings
from workflow.tables import Citizen, Episode, MunicipalService, Organisation, Task, Unit
from workflow.vocabulary import OrganisationKind, UnitKind

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NOBODY = "none"


@dataclass(frozen=True)
class Line:
    """A step of a scenario: which file, and what is expected after it (None: nothing is)."""

    scenario: str
    step: str
    file: str
    expected: Happened | None


@dataclass(frozen=True)
class Happened:
    """What is so after a step: the acknowledgement, the citizen's state over all stays, and the follow-up deadline."""

    ack: str
    state: str
    followup_due_utc: str


def read(folder: Path) -> list[Line]:
    """The steps of `scenarios.csv`, in its order. Raises CannotDo."""
    try:
        with (folder / "scenarios.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        return [Line(row["scenario"], row["step"], row["file"], _expected(row)) for row in rows]
    except (OSError, KeyError, ValueError) as why:
        raise CannotDo(f"There is no scenarios.csv of the expected form in {folder} ({type(why).__name__}).") from None


def _expected(row: dict[str, str | None]) -> Happened | None:
    ack, state, due = (row.get(name) or "" for name in ("expected_ack", "expected_state_after", "followup_due_utc"))
    return Happened(ack, state, due) if state else None


def play(
    settings: Settings, folder: Path, lines: Iterable[Line], *, known: Iterable[str], receiver: str
) -> Iterator[tuple[Line, Happened]]:
    """Yield each step with what happened. Every scenario begins with nothing but the known citizens.

    Raises CannotDo outside demo and tests, and for a file that is not there or a number that is no CPR number.
    """
    if not settings.demo:
        raise CannotDo("Messages of test persons are replayed in a demonstration only (OVERGANG_DEMO=1).")
    keys.use(settings)
    with _empty_database(settings) as session:
        _prepare(session, known, receiver)
        scenario, scene, stage = None, session.begin_nested(), _Stage()
        for line in lines:
            if line.scenario != scenario:
                scene.rollback()
                session.expire_all()
                scenario, scene, stage = line.scenario, session.begin_nested(), _Stage()
            try:
                raw = (folder / line.file).read_bytes()
            except OSError:
                raise CannotDo(f"There is no file {folder / line.file}.") from None
            yield line, stage.take(session, raw)


@contextmanager
def _empty_database(settings: Settings) -> Iterator[Session]:
    """All tables anew in a schema that exists in one transaction of the owner's only, which is rolled back."""
    engine = create_engine(settings.owner_url, poolclass=NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection, connection.begin() as everything:
        connection.execute(text("create schema replay"))
        connection.execute(text("set local search_path = replay, public"))
        Base.metadata.create_all(connection, checkfirst=False)
        _bring_counting(connection)
        try:
            with Session(connection, join_transaction_mode="create_savepoint") as session:
                yield session
        finally:
            everything.rollback()


def _bring_counting(connection: Connection) -> None:
    """The one function that the engine asks, to count in this schema's tables and not in the installation's."""
    definition = connection.scalar(text("select pg_get_functiondef('public.episodes_of'::regproc)")) or ""
    connection.exec_driver_sql(definition.replace("public.", "replay."))


def _prepare(session: Session, known: Iterable[str], receiver: str) -> None:
    region = Organisation(name="Replay", kind=OrganisationKind.REGION)
    session.add(region)
    session.flush()
    municipality = Organisation(name="Replay", kind=OrganisationKind.MUNICIPALITY, code="0000", parent_id=region.id)
    session.add(municipality)
    session.flush()
    district = Unit(
        organisation_id=municipality.id, name="Replay", kind=UnitKind.DISTRICT, receives_for_municipality=True
    )
    session.add(district)
    session.flush()
    agreements.seed(session, by=SYSTEM, at=LONG_AGO, valid_from=LONG_AGO)
    addresses.register(session, district, receiver, at=LONG_AGO)
    for number, cpr in enumerate(known, start=1):
        try:
            citizen = citizens.register(session, Cpr.parse(cpr), f"Test {number}", municipality_id=municipality.id)
        except Invalid:
            raise CannotDo("A citizen is named by a CPR number: ten digits.") from None
        session.add(
            MunicipalService(
                citizen_id=citizen.id, municipality_id=municipality.id, service="test", from_on=date(2000, 1, 1)
            )
        )
    session.flush()


class _Stage:
    """One scenario: its clock goes by what the messages say, and of whom the last one told."""

    def __init__(self) -> None:
        self.at: datetime = LONG_AGO
        self.citizen: Citizen | None = None

    def take(self, session: Session, raw: bytes) -> Happened:
        try:
            tree = wire.read(raw)
            envelope.read(tree)
        except Unreadable:
            return Happened("", *self._now(session))
        self.at = max(self.at, *_times(tree))
        self.citizen = _citizen(session, tree) or self.citizen
        receipt = receiving.receive(session, raw, received_from="replay", at=self.at)
        session.flush()
        return Happened(receipt.answer.code if receipt.answer is not None else "", *self._now(session))

    def _now(self, session: Session) -> tuple[str, str]:
        if self.citizen is None:
            return NOBODY, ""
        state = stored.journey_of(session, self.citizen).state
        due = _due(session, self.citizen) if state == State.DISCHARGED else None
        return (NOBODY if state == State.VOID else state.value), due.strftime("%Y-%m-%dT%H:%M:%SZ") if due else ""


def _times(tree: Tree) -> list[datetime]:
    """Every time that a message tells of: none of them is to come when it is taken in."""
    stays = list(resources(tree, "Encounter"))
    spans = [pick(stay, "period") for stay in stays]
    spans += [pick(extension, "valuePeriod") for stay in stays for extension in each(stay, "extension")]
    told = [pick(tree, "timestamp"), *(pick(span, end) for span in spans for end in ("start", "end"))]
    return [LONG_AGO, *(time for time in map(notification.instant, told) if time is not None)]


def _citizen(session: Session, tree: Tree) -> Citizen | None:
    try:
        return citizens.find(session, Cpr.parse(notification.cpr_of(tree) or ""))
    except Invalid:
        return None


def _due(session: Session, citizen: Citizen) -> datetime | None:
    """The deadline of the call that the engine has opened for the last discharge."""
    call = (
        select(Task.due_at)
        .join(Episode, Episode.id == Task.episode_id)
        .where(Episode.citizen_id == citizen.id, Task.kind == "follow_up_call", Task.state == "open")
    )
    due = session.scalar(call.order_by(Task.id.desc()).limit(1))
    return due.astimezone(UTC) if due is not None else None
