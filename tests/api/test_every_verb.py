"""Every verb asks for a token and its scope, whatever is guessed; and says nothing of whom the token does not see."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from flask import Flask

from tests.api import contract
from tests.api.conftest import NAME, NUMBER, Program, Programs
from tests.api.story import CITIZEN, Story
from tests.api.test_episodes import state
from tests.web.routes import SIGNED_IN
from tests.world import World
from web.ground import rules
from web.ground.rules import Who
from workflow.vocabulary import Role, Scope

# What every field that is asked for may hold.
PLAUSIBLE = {
    "agreed": [], "asked_for": [], "citizen": CITIZEN, "content": {}, "cpr": NUMBER,
    "effective_at": "2026-03-12T07:00:00Z", "expected_at": "2026-03-13T07:00:00Z", "kind": "tryghedshotel",
    "need": "rehabilitation_plan", "note": "x", "outcome": "busy", "pathway": "home", "reason": "x", "record": "x",
    "text": "x", "trigger": "patient_arrived", "version": 1, "way_in": "admission", "what": "worry",
}  # fmt: skip
MALFORMED = ("0", "-1", "null", "%00", "..%2f..%2fadmin", "' or 1=1 --", "ffffffff-ffff-ffff-ffff-fffffffffffg")


@dataclass(frozen=True)
class Verb:
    """One verb, as a stranger finds it in the description."""

    method: str
    path: str
    scope: Scope
    kinds: tuple[str, ...]

    def filled(self, numbers: dict[str, str]) -> str:
        path = self.path
        for kind in self.kinds:
            path = path.replace(f"<uuid:{kind}>", numbers[kind])
        return path.replace("<int:number>", "1")


@pytest.fixture
def verbs(app: Flask) -> list[Verb]:
    return list(found(app))


def found(app: Flask) -> Iterator[Verb]:
    for route in app.url_map.iter_rules():
        rule = rules.of(app, route.endpoint)
        if rule is not None and rule.who == Who.PROGRAM and rule.scope is not None:
            (method,) = (route.methods or set()) - {"HEAD", "OPTIONS"}
            kinds = tuple(sorted(route.arguments - {"number"}))
            yield Verb(method, route.rule, rule.scope, kinds)


def body(app: Flask, verb: Verb, numbers: dict[str, str]) -> dict[str, object]:
    """What the description asks for, and no more."""
    endpoint, _ = app.url_map.bind("localhost").match(verb.filled(nobodys()), method=verb.method)
    operation = contract.operations(app)[endpoint.removeprefix("api_")]
    shape = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    asked = contract.described(app)["components"]["schemas"][shape].get("required", [])
    known = PLAUSIBLE | {kind.removesuffix("_id"): number for kind, number in numbers.items()}
    return {name: known["unit" if name == "ward" else name] for name in asked}


def ask(program: Program, verb: Verb, numbers: dict[str, str]) -> int:
    """Ask for it with what it needs; whatever comes back is as described."""
    path = verb.filled(numbers)
    said = None if verb.method == "GET" else body(program.client.application, verb, numbers)
    answer = program.get(path) if said is None else program.post(path, said)
    assert NAME not in answer.text, path
    assert NUMBER not in answer.text, path
    return answer.status_code


def nobodys() -> dict[str, str]:
    return {kind: str(uuid4()) for kind in ("episode_id", "handover_id", "task_id", "place_id", "unit_id")}


def test_without_a_token_each_is_refused_also_to_who_is_signed_in(app: Flask, verbs: list[Verb]) -> None:
    before = state()
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": f"{SIGNED_IN}=planted"}):
        for verb in verbs:
            answer = app.test_client().open(verb.filled(nobodys()), method=verb.method, headers=header)
            assert answer.status_code == 401, verb
            contract.hold(app, answer)
    assert state() == before


def test_each_asks_for_its_own_scope(programs: Programs, world: World, verbs: list[Verb]) -> None:
    assert {verb.scope for verb in verbs} == set(Scope) - {Scope.CPR_READ, Scope.CALENDAR}
    for scope in {verb.scope for verb in verbs}:
        others = [other for other in Scope if other not in {scope, Scope.CALENDAR}]
        without = programs.reaching(f"without.{scope.replace(':', '.')}", world.ward, Role.WARD_NURSE, *others)
        for verb in verbs:
            status = ask(without, verb, nobodys())
            assert (status == 403) == (verb.scope == scope), (verb, status)


def test_who_has_no_relation_learns_nothing_by_real_numbers(
    programs: Programs, world: World, verbs: list[Verb]
) -> None:
    episode, handover = Story(programs, world).discharged()
    task = programs["hotel"].get(f"/episodes/{episode}").json["tasks"][0]["id"]
    real = {"episode_id": episode, "handover_id": handover, "task_id": task}
    made_up = nobodys()
    before = state()
    for verb in verbs:
        theirs, none = (ask(programs["neighbour"], verb, made_up | numbers) for numbers in (real, {}))
        assert theirs == none, verb
        assert theirs == 404 or not {"episode_id", "handover_id", "task_id"} & set(verb.kinds), verb
    assert state() == before


def test_what_is_no_number_is_no_address(programs: Programs, verbs: list[Verb]) -> None:
    for verb in [verb for verb in verbs if verb.kinds]:
        for wrong in MALFORMED:
            assert ask(programs["ward"], verb, dict.fromkeys(nobodys(), wrong)) == 404, (verb, wrong)


def test_none_answers_to_another_method(app: Flask, verbs: list[Verb]) -> None:
    for path in {verb.filled(nobodys()) for verb in verbs}:
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "OVERGANG"):
            answer = app.test_client().open(path, method=method)
            assert (answer.status_code, answer.mimetype) == (405, "application/problem+json"), (method, path)
