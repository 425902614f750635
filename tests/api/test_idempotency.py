"""A change that is asked for twice under one key happens once, also by two at once; a day later it is forgotten."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select, text

from tests.api.conftest import NAME, Program, Programs, background
from tests.api.story import CITIZEN, Story
from tests.world import World
from workflow import answers
from workflow.db import Session
from workflow.tables import Answer, Episode, HistoryEntry


@pytest.fixture
def story(programs: Programs, world: World) -> Story:
    return Story(programs, world)


def needs(episode: str) -> int:
    """How often a need was written."""
    with background() as session:
        query = select(func.count()).select_from(HistoryEntry).join(Episode).where(Episode.uuid == episode)
        return session.scalar(query.where(HistoryEntry.kind == "planned")) or 0


def expects(program: Program, episode: str, key: str, day: int = 13) -> tuple[int, str]:
    body = {"expected_at": f"2026-03-{day}T12:00:00Z"}
    answer = program.post(f"/episodes/{episode}/expected-discharge", body, Idempotency_Key=key)
    return answer.status_code, answer.text


def test_the_same_again_is_answered_the_same_and_done_once(story: Story, programs: Programs) -> None:
    episode = story.opened()
    first, again = (expects(programs["ward"], episode, "a-1") for _ in range(2))
    assert first == again
    assert (first[0], needs(episode)) == (200, 1)
    assert expects(programs["ward"], episode, "a-2")[0] == 200
    assert needs(episode) == 2


def test_another_question_under_the_same_key_is_refused(story: Story, programs: Programs) -> None:
    episode = story.opened()
    expects(programs["ward"], episode, "a-1")
    status, said = expects(programs["ward"], episode, "a-1", day=14)
    assert (status, json.loads(said)["type"]) == (422, "urn:overgang:problem:key_used_for_another")
    assert needs(episode) == 1


def test_a_key_is_ones_own(story: Story, programs: Programs) -> None:
    episode = story.opened()
    expects(programs["ward"], episode, "a-1")
    assert expects(programs["coordination"], episode, "a-1")[0] == 200
    assert needs(episode) == 2


def test_what_was_refused_may_be_asked_again(story: Story, programs: Programs) -> None:
    episode = story.to_hotel()
    event = {"trigger": "patient_discharged"}
    where = f"/episodes/{episode}/events"
    assert programs["coordination"].post(where, event, Idempotency_Key="d-1").status_code == 422
    handover = {"content": {"S.reason": "x"}, "override_reason": "Sendes i aften"}
    assert programs["ward"].post(f"/episodes/{episode}/handovers", handover).status_code == 200
    assert programs["coordination"].post(where, event, Idempotency_Key="d-1").status_code == 200


def test_of_two_at_once_one_does_it_and_both_are_answered(story: Story, programs: Programs, world: World) -> None:
    at_once = Barrier(8)
    said = {"citizen": CITIZEN, "pathway": "home", "way_in": "admission", "ward": str(world.ward.uuid)}

    def opens(_: int) -> tuple[int, str]:
        program = programs["ward"]
        at_once.wait()
        answer = program.post("/episodes", said, Idempotency_Key="open-1")
        return answer.status_code, answer.text

    with ThreadPoolExecutor(8) as pool:
        answered = set(pool.map(opens, range(8)))
    assert len(answered) == 1
    assert next(iter(answered))[0] == 201
    with background() as session:
        assert session.scalar(select(func.count()).select_from(Episode)) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "\xe6\xf8"])
def test_a_key_that_is_none_is_refused(story: Story, programs: Programs, key: str) -> None:
    status, said = expects(programs["ward"], story.opened(), key)
    assert (status, json.loads(said)["type"]) == (422, "urn:overgang:problem:not_a_key")


def test_what_is_kept_names_nobody_and_nobody_else_finds_it(story: Story, programs: Programs, world: World) -> None:
    said = {"citizen": CITIZEN, "pathway": "home", "way_in": "admission", "ward": str(world.ward.uuid)}
    programs["ward"].post("/episodes", said, Idempotency_Key="open-1")
    with background() as session:
        (kept,) = session.scalars(select(Answer)).all()
        assert NAME not in kept.body
        assert CITIZEN["cpr"] not in kept.body
    with Session.begin() as session:
        assert session.scalars(select(Answer)).all() == []


def test_after_a_day_it_is_forgotten(story: Story, programs: Programs) -> None:
    episode = story.opened()
    expects(programs["ward"], episode, "a-1")
    with background() as session:
        assert answers.forget(session) == 0
        kept = session.scalars(select(Answer)).one()
        session.execute(
            text("insert into answers (token_id, key, asked, status, body, at) select token_id, 'old', asked, status,"
                 " body, now() - interval '25 hours' from answers where id = :id"),
            {"id": kept.id},
        )  # fmt: skip
        assert answers.forget(session) == 1
        assert session.scalars(select(Answer.key)).all() == ["a-1"]
