"""What everything stands on: times, numbers, keys, settings, sentences."""

import ast
import string
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import web
import workflow
from workflow import calendar, sentences
from workflow.cpr import Cpr, decrypt
from workflow.errors import Invalid
from workflow.keys import KeyRing, Unreadable
from workflow.pathways import PATHWAYS
from workflow.settings import DEMO_SECRETS, MissingSettings, Settings
from workflow.vocabulary import Language, MissCode, Party

PRODUCTION = {
    "DATABASE_URL": "postgresql://app:x@db/overgang",
    "REDIS_URL": "redis://broker/0",
    "OVERGANG_SECRET_KEY": "own",
    "OVERGANG_KEYS": "new:" + "A" * 43 + "=,old:" + "B" * 43 + "=",
    "OVERGANG_HASH_KEY": "C" * 43 + "=",
}


def test_quiet_hours_end_at_seven_in_copenhagen() -> None:
    night = datetime(2026, 3, 12, 22, 30, tzinfo=UTC)  # 23:30
    assert calendar.outside_quiet_hours(night) == datetime(2026, 3, 13, 6, 0, tzinfo=UTC)
    early = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)  # 05:00, summer time
    assert calendar.outside_quiet_hours(early) == datetime(2026, 7, 1, 5, 0, tzinfo=UTC)
    noon = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    assert calendar.outside_quiet_hours(noon) == noon


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 3, 12), True),
        (date(2026, 3, 14), False),
        (date(2026, 4, 3), False),  # Good Friday
        (date(2026, 5, 1), True),  # Store bededag is no more, and 1 May is a local choice
        (date(2023, 5, 5), False),  # Store bededag still was
        (date(2026, 12, 25), False),
    ],
)
def test_danish_working_days(day: date, works: bool) -> None:
    assert calendar.is_working_day(day) is works


def test_a_cpr_number_is_read_masked_and_never_shown(session: object) -> None:
    for typed in ("311299-0000", "3112990000", " 311299-0000 ", "311299 0000"):
        cpr = Cpr.parse(typed)
        assert cpr.value == "3112990000"
        assert (str(cpr), repr(cpr)) == ("311299-****", "Cpr()")
    assert Cpr.parse("070392-1vj4").value == "0703921VJ4"  # a replacement number
    for typed in ("", "31129-0000", "991299-0000", "abcdef-1234", "311299_0000"):
        with pytest.raises(Invalid) as refused:
            Cpr.parse(typed)
        assert typed not in str(refused.value) or not typed


def test_a_cpr_number_lies_encrypted_and_is_found_by_its_fingerprint(session: object) -> None:
    cpr = Cpr.parse("311299-0000")
    assert cpr.encrypted() != cpr.encrypted()
    assert b"3112990000" not in cpr.encrypted()
    assert decrypt(cpr.encrypted()) == cpr
    assert cpr.fingerprint() == Cpr.parse("3112990000").fingerprint() != Cpr.parse("3112990001").fingerprint()


def test_old_keys_still_open_and_strange_or_changed_bytes_do_not() -> None:
    ring = KeyRing.from_settings(Settings.from_environment(PRODUCTION))
    before = KeyRing.from_settings(Settings.from_environment(PRODUCTION | {"OVERGANG_KEYS": "old:" + "B" * 43 + "="}))
    assert ring.decrypt(before.encrypt("x")) == "x"
    assert ring.encrypt("x").startswith(b"new:")
    with pytest.raises(Unreadable):
        before.decrypt(ring.encrypt("x"))
    written = ring.encrypt("x")
    with pytest.raises(Unreadable):
        ring.decrypt(written[:-1] + bytes([written[-1] ^ 1]))


@pytest.mark.parametrize("name", PRODUCTION)
def test_a_production_start_without_its_own_secrets_says_which(name: str) -> None:
    with pytest.raises(MissingSettings, match=name):
        Settings.from_environment({k: v for k, v in PRODUCTION.items() if k != name})


@pytest.mark.parametrize("name", DEMO_SECRETS)
def test_the_demos_secrets_are_refused_in_production(name: str) -> None:
    with pytest.raises(MissingSettings, match=name):
        Settings.from_environment(PRODUCTION | {name: DEMO_SECRETS[name]})


def test_the_demo_needs_no_secrets_and_settings_are_never_printed() -> None:
    demo = {name: PRODUCTION[name] for name in ("DATABASE_URL", "REDIS_URL")} | {"OVERGANG_DEMO": "1"}
    settings = Settings.from_environment(demo)
    assert settings.demo
    assert settings.secret_key not in repr(settings)


@pytest.mark.parametrize("keys", ["", "nonsense", "a:short", "a:" + "A" * 40])
def test_bad_keys_are_refused_in_words(keys: str) -> None:
    with pytest.raises(MissingSettings, match="OVERGANG_KEYS"):
        KeyRing.from_settings(Settings.from_environment(PRODUCTION | {"OVERGANG_KEYS": keys}))


ERRORS = {"Invalid", "Missing", "NotAllowed", "NotFound", "NotPossible", "Stale", "TooMany"}


def _raised_codes() -> set[str]:
    """What every error that the engine and its doors raise says first; of a bad line of a file, what it says last."""
    codes = set()
    for folder in (Path(workflow.__file__).parent, Path(web.__file__).parent):
        for file in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                    if node.func.id in ERRORS:
                        said = node.args[0]
                        assert isinstance(said, ast.Constant), f"{file.name}: {ast.unparse(node)}"
                        codes.add(str(said.value))
                    elif node.func.id == "BadLine" and isinstance(said := node.args[-1], ast.Constant):
                        codes.add(str(said.value))
    return codes


def test_every_error_has_a_sentence_and_every_sentence_an_error() -> None:
    assert _raised_codes() == set(sentences.ERRORS)


def test_sentences_ask_for_the_same_facts_in_both_languages() -> None:
    for code, (danish, english) in sentences.ERRORS.items():
        blanks = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (danish, english)]
        assert blanks[0] == blanks[1], code


def test_everything_a_pathway_names_has_a_word() -> None:
    for pathway in PATHWAYS.values():
        codes = {state.name for state in pathway.states}
        codes |= {t.trigger for t in pathway.transitions} | {way.trigger for way in pathway.ways_in}
        codes |= {item for t in pathway.transitions for item in t.asks}
        codes |= {rule.task for rule in pathway.tasks if rule.task}
        codes |= {item for rule in pathway.rules() for item in rule.requires}
        for code in codes | set(MissCode) | set(Party):
            assert sentences.word(code, Language.DANISH)
            assert sentences.word(code, Language.ENGLISH)


@pytest.mark.parametrize("call", [".commit(", ".rollback(", "datetime.now(", "time.time("])
def test_the_engine_never_commits_and_never_asks_the_clock(call: str) -> None:
    asks = {file.name for file in Path(workflow.__file__).parent.rglob("*.py") if call in file.read_text()}
    assert asks <= {"clock.py"}
