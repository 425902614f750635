"""Every page there is, found by walking the routes; and who looks at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from tests.web.routes import TABLES
from web.app import create_app
from web.ground import rules
from web.ground.rules import Who
from workflow import clock
from workflow.actor import Actor
from workflow.db import Session
from workflow.seeing import sight
from workflow.settings import Settings
from workflow.staff import people, sign_ins
from workflow.vocabulary import Role

# Who looks, in this order: the first whom the rule lets in and to whom the address is somebody's.
LOOKERS = {
    "koordinator": Role.DISCHARGE_COORDINATOR, "tryghed": Role.FACILITY_NURSE, "distrikt": Role.MUNICIPAL_NURSE,
    "leder.kommune": Role.MANAGER, "admin": Role.ADMINISTRATOR, "drift": Role.OPERATOR,
    "afdeling": Role.WARD_NURSE, "leder.hospital": Role.MANAGER, "nabokommune": Role.MUNICIPAL_NURSE,
}  # fmt: skip
# GET routes that answer something else than a page. A new route is a page until it stands here.
NO_PAGES = {"assets", "front", "healthz", "letter_attachment", "metrics", "readyz"}
FILES = (".csv", ".ics", ".json", ".xlsx")
PROGRAMS = ("/api/", "/fhir/")
ELSEWHERE = {"ask_provider", "provider_answer"}  # leads to an identity provider, or comes from one


WORDS = {"screen": "status", "code": "handover_sent"}  # what stands for an argument that is no number


@dataclass(frozen=True)
class Target:
    """A page by its route."""

    endpoint: str
    rule: str  # as the route is written
    arguments: frozenset[str]
    public: bool

    def address(self, numbers: dict[str, UUID]) -> str:
        """Where it is, with somebody's numbers. Raises KeyError where one of them is nobody's."""
        address = self.rule
        for argument, word in WORDS.items():
            address = address.replace(f"<{argument}>", word)
        for argument in self.arguments - WORDS.keys():
            address = address.replace(f"<uuid:{argument}>", str(numbers[argument]))
        assert "<" not in address, f"say in tests/browser/pages.py what stands for the argument in {self.rule}"
        return address


def the_app() -> Flask:
    """The application, connected to nothing: only to ask which routes it has."""
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    return create_app(Settings.from_environment({**nowhere, "OVERGANG_DEMO": "1"}))


def targets(app: Flask) -> Iterator[Target]:
    """Every page."""
    for route in app.url_map.iter_rules():
        is_page = route.endpoint not in NO_PAGES | ELSEWHERE and not route.rule.endswith(FILES)
        is_page = is_page and not route.rule.startswith(PROGRAMS)
        if is_page and "GET" in (route.methods or ()):
            rule = rules.of(app, route.endpoint)
            public = rule is not None and rule.who == Who.PUBLIC
            yield Target(route.endpoint, route.rule, frozenset(route.arguments), public)


def acting(username: str) -> Actor:
    """Somebody of the demonstration as they act, in the role that `LOOKERS` names."""
    with Session() as session:
        person = people.named(session, username)
        role = next(one for one in sign_ins.roles_of(session, person.id) if one.role == LOOKERS[username])
        return Actor(
            name=person.name, person_id=person.id, unit_id=role.unit_id, organisation_id=role.unit.organisation_id,
            roles=frozenset({role.role}),
        )  # fmt: skip


def numbers_of(username: str) -> dict[str, UUID]:
    """Of each kind that an address can hold, one that they may see: of episodes the longest, else the newest."""
    actor = acting(username)
    found = {}
    for kind, table in TABLES.items():
        with Session() as session:
            sight.open(session, actor, at=clock.now(session))
            order = "history_number desc, id" if table == "episodes" else "id desc"
            one = session.scalar(text(f"select uuid from {table} order by {order} limit 1"))
        if one is not None:
            found[kind] = one
    return found


def lookers(app: Flask, target: Target, numbers: dict[str, dict[str, UUID]]) -> Iterator[tuple[str, str]]:
    """Who may look, and where; the first is who looks when only one does. `numbers` are `numbers_of` each."""
    rule = rules.of(app, target.endpoint)
    for username, role in LOOKERS.items():
        let_in = rule is not None and (not rule.roles or role in rule.roles)
        if let_in and target.arguments <= numbers[username].keys() | WORDS.keys():
            yield username, target.address(numbers[username])
