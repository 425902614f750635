"""Every address that the pages answer, with numbers that are somebody's or nobody's; and a state to compare."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session as OpenSession

import web
from tests.web.reader import Page
from web.ground import rules
from web.ground.rules import Rule, Who
from workflow import citizens, clock, episodes, misses
from workflow.actor import SYSTEM, Actor
from workflow.cpr import Cpr
from workflow.db import SWEEPS, Session
from workflow.misses import Unmet
from workflow.seeing import audits, break_glass, sight
from workflow.seeing.access_log import Visit
from workflow.seeing.audits import Span
from workflow.staff import people, sign_ins
from workflow.tables import Episode, Organisation, Task, Unit
from workflow.vocabulary import MissCode, Role, SignInBy

SIGNED_IN, MARK = "overgang_sign_in", "form_mark"
TABLES = {  # where ids of this kind are somebody's
    "person_id": "people", "unit_id": "units", "role_id": "person_roles", "sign_in_id": "sign_ins",
    "opened_id": "break_glass", "look_id": "looks_to_confirm", "agreement_id": "agreements", "miss_id": "misses",
    "episode_id": "episodes", "handover_id": "handovers", "task_id": "tasks", "place_id": "places",
    "view_id": "saved_views", "token_id": "tokens", "merge_id": "merges", "thread_id": "threads",
    "segment_id": "segments", "closed_id": "closed_days",
}  # fmt: skip
MOVING = {"sign_ins", "sign_in_failures", "access_log"}  # what a refusal may write: that it happened
NUMBER, NAME = "0119400007", "Agnes Prøve Demo"


@dataclass(frozen=True)
class Ask:
    """One request: to which route, how, where, and whose the numbers in the address are ("" where there are none)."""

    endpoint: str
    method: str
    address: str
    rule: Rule
    whose: str = ""


@dataclass(frozen=True)
class Hidden:
    """A citizen in a ward of the hospital, of Randers Kommune: nobody elsewhere may learn of them."""

    citizen: UUID
    episode: UUID

    @property
    def words(self) -> set[str]:
        """What no answer to a stranger may hold."""
        return {NAME, NUMBER, f"{NUMBER[:6]}-{NUMBER[6:]}", str(self.citizen), str(self.episode)}


def a_citizen() -> Hidden:
    """Write that citizen, in a database with the people of the demonstration; what was missed for them; and who looked
    without a relation.
    """
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        ward = session.scalars(select(Unit).where(Unit.name == "Medicinsk afsnit")).one()
        municipality = session.scalars(select(Organisation).where(Organisation.name == "Randers Kommune")).one()
        citizen = citizens.register(session, Cpr.parse(NUMBER), NAME, municipality_id=municipality.id)
        at = clock.now(session)
        episode = episodes.open_episode(
            session, citizen, "home", "admission", by=SYSTEM, at=at, ward=ward, needs=("municipal_services",)
        )
        owed = session.scalars(select(Task).where(Task.episode_id == episode.id, Task.unit_id == ward.id)).one()
        unmet = Unmet(
            code=MissCode.TASK_NOT_DONE, due_at=at, owing_unit_id=ward.id, responsible_unit_id=ward.id, attempts=0,
            last_outcome=None, task=owed,
        )  # fmt: skip
        misses.write(session, episode, [unmet], at=at)
        hidden = Hidden(citizen.uuid, episode.uuid)
    with Session.begin() as session:
        person = people.named(session, "gitte")
        role, real = sign_ins.roles_of(session, person.id)[0], clock.real_now()
        by = Actor(name=person.name, person_id=person.id, unit_id=role.unit_id, roles=frozenset({role.role}))
        visit = Visit(what="episode", at=real, purpose="Fald i hjemmet")
        sight.introduce(session, by)
        break_glass.open(session, by, Cpr.parse(NUMBER), "Fald i hjemmet", visit=visit, at=clock.now(session))
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        audits.find(session, Span(since=real - timedelta(hours=1), until=real + timedelta(hours=1)))
    return hidden


def ids() -> dict[str, UUID]:
    """Of each kind that an address can hold, the newest there is."""
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        asked = {kind: text(f"select uuid from {table} order by id desc limit 1") for kind, table in TABLES.items()}
        found = {kind: session.scalar(query) for kind, query in asked.items()}
    return {kind: one for kind, one in found.items() if one is not None}


def asks(app: Flask) -> Iterator[Ask]:
    """Every request of a person that there is; signing out comes last. What programs ask: tests/api/test_every_verb."""
    known = {"somebody's": ids(), "nobody's": {kind: uuid4() for kind in TABLES}}
    for route in sorted(app.url_map.iter_rules(), key=lambda route: route.endpoint == "sign_out"):
        rule = rules.of(app, route.endpoint)
        assert rule is not None, f"{route.endpoint} has no rule"
        if rule.who == Who.PROGRAM:
            continue
        kinds = {name for name in route.arguments if f"<uuid:{name}>" in route.rule}
        assert kinds <= TABLES.keys(), f"say in TABLES where {kinds - TABLES.keys()} of {route.rule} come from"
        for whose, numbers in known.items() if kinds else [("", {})]:
            if kinds <= numbers.keys():
                address = (
                    route.rule.replace("<fingerprint>", "0")
                    .replace("<path:name>", "overgang.css")
                    .replace("<int:number>", "1")
                )
                address = address.replace("<screen>", "status").replace("<code>", "sms")
                for kind in kinds:
                    address = address.replace(f"<uuid:{kind}>", str(numbers[kind]))
                for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                    yield Ask(route.endpoint, method, address, rule, whose)


def enter(client: FlaskClient, username: str, role: Role | None = None) -> str:
    """Let this browser be theirs, as one press of a button would; returns the mark that its forms carry."""
    at = clock.real_now()
    with Session.begin() as session:
        person = people.named(session, username)
        life = client.application.config["OVERGANG"].life
        token = sign_ins.begin(session, person, SignInBy.DEMO, address="127.0.0.1", at=at, life=life)
        found = sign_ins.whose(session, token)
        held = [one for one in sign_ins.roles_of(session, person.id) if one.role == role]
        if held and found is not None:
            sign_ins.choose(session, found.id, held[0].uuid)
    client.set_cookie(SIGNED_IN, token)
    return marked(client)


def marked(client: FlaskClient) -> str:
    """The mark that the forms of this browser carry."""
    form = next(form for form in Page(client.get("/sign-in")).forms if form.action == "/language")
    return form.fields[MARK]


def names_read() -> set[str]:
    """The name of every field that the code reads from a form or an address, also of those that no page shows."""
    code = "".join(path.read_text(encoding="utf-8") for path in Path(web.__file__).parent.rglob("*.py"))
    return set(re.findall(r"(?:form|args|values)\.get(?:list)?\(\s*\"(\w+)\"", code)) | {"name", "typed"}


def state() -> dict[str, str]:
    """A hash of what every table holds, but for what a refusal may write; seen by the role that sees every row."""
    found = {}
    with Session.begin() as session:
        session.execute(text(f"set local role {SWEEPS}"))
        for table in Episode.metadata.tables.values():
            if table.name not in MOVING:
                found[table.name] = _hash(session, table.name)
    return found


def _hash(session: OpenSession, table: str) -> str:
    query = f"select coalesce(sum(hashtextextended(t::text, 0)), 0)::text from {table} t"
    return str(session.scalar(text(query)))
