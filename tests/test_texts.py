"""Texts: composed, seen, bounded; and numbers as people paste them."""

import unicodedata

import pytest
from pydantic import BaseModel

from web.api import events, handovers, models, places, tasks  # noqa: F401 - so that every shape is known
from workflow import texts
from workflow.cpr import Cpr, stands_in
from workflow.db import LONGEST_LINE, LONGEST_NOTE, Base
from workflow.errors import Invalid
from workflow.sentences import WORDS
from workflow.tables import Citizen, Task, Unit
from workflow.vocabulary import Language

DECOMPOSED = unicodedata.normalize("NFD", "Åse Ærø Demo")


def test_a_row_holds_composed_letters_and_nothing_unseen() -> None:
    assert Citizen(name=f" {DECOMPOSED} ").name == "Åse Ærø Demo"
    assert Unit(name="Afsnit\r\n7\x00\ud83d\u202e").name == "Afsnit 7"
    assert Task(text="én\r\nto\u2028tre").text == "én\nto\ntre"


@pytest.mark.parametrize("emoji", ["👩🏽‍⚕️", "🦔", "Ole O'Demo"])
def test_what_can_be_seen_stays(emoji: str) -> None:
    assert texts.clean(emoji) == emoji


def test_a_text_beyond_its_bound_is_refused_by_the_name_of_its_field() -> None:
    for row, field, most in ((Citizen, "name", LONGEST_LINE), (Task, "questions", LONGEST_NOTE)):
        row(**{field: "x" * most})
        with pytest.raises(Invalid) as refused:
            row(**{field: "x" * (most + 1)})
        for language in Language:
            sentence = refused.value.say(language)
            assert str(most) in sentence
            assert "field:" not in sentence


def test_every_column_for_a_text_has_a_word_for_its_field() -> None:
    bounded = [c for table in Base.metadata.tables.values() for c in table.columns if "most" in c.info]
    assert len(bounded) > 30
    assert {f"field:{column.key}" for column in bounded} <= WORDS.keys()


def test_every_text_that_a_program_sends_says_how_long_it_may_be() -> None:
    def every(shape: type[BaseModel]) -> list[type[BaseModel]]:
        return [shape, *(below for one in shape.__subclasses__() for below in every(one))]

    for shape in every(models.Taken):
        for name, property_ in _strings(shape.model_json_schema()):
            assert "maxLength" in property_ or {"enum", "format", "const", "pattern"} & property_.keys(), (shape, name)


def _strings(schema: object, name: str = "") -> list[tuple[str, dict[str, object]]]:
    if isinstance(schema, list):
        return [found for one in schema for found in _strings(one, name)]
    if not isinstance(schema, dict):
        return []
    here = [(name, schema)] if schema.get("type") == "string" else []
    return here + [found for key, one in schema.items() for found in _strings(one, key)]


@pytest.mark.parametrize(
    "pasted",
    ["011940–0001", "011940—0001", "011940−0001", "011940‑0001", "011940.0001", "01 19 40 0001", "011940\u00a00001",
     "\u200b011940-0001\ufeff", "0119400001"],
)  # fmt: skip
def test_a_cpr_number_is_read_as_people_paste_it(pasted: str) -> None:
    assert Cpr.parse(pasted).value == "0119400001"
    assert stands_in(f"se {pasted} i dag") or "." in pasted or pasted.startswith("01 ")


def test_a_telephone_number_is_kept_with_blanks() -> None:
    assert texts.spaced("+45\u00a012–34.56-78") == "+45 12 34 56 78"


def test_a_long_name_in_a_message_is_cut_and_not_refused() -> None:
    assert len(texts.cut("Å" * 5_005)) == LONGEST_LINE
