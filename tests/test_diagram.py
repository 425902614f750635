"""The drawings of the pathways: everything in the definition is in the drawing, and the drawing can be read."""

from xml.etree import ElementTree

import pytest

from workflow import diagram
from workflow.pathway import Pathway
from workflow.pathways import PATHWAYS
from workflow.sentences import word
from workflow.vocabulary import Language

SVG = "{http://www.w3.org/2000/svg}"
EVERY = pytest.mark.parametrize("pathway", PATHWAYS.values(), ids=lambda pathway: f"{pathway.key}-{pathway.version}")
BOTH = pytest.mark.parametrize("language", list(Language))


@EVERY
@BOTH
def test_every_state_and_event_is_in_the_svg(pathway: Pathway, language: Language) -> None:
    root = ElementTree.fromstring(diagram.svg(pathway, language))
    drawn = " ".join(element.text or "" for element in root.iter(f"{SVG}text"))
    described = root.findtext(f"{SVG}desc") or ""
    for state in pathway.states:
        assert word(state.name, language) in drawn
        assert word(state.name, language) in described
    for transition in pathway.transitions:
        assert word(transition.trigger, language) in drawn
        assert word(transition.trigger, language) in described


@EVERY
def test_the_svg_says_what_it_is_and_carries_no_script_or_style(pathway: Pathway) -> None:
    drawn = diagram.svg(pathway)
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("lang") == "da"
    assert pathway.title[Language.DANISH] in (root.findtext(f"{SVG}title") or "")
    ids = {element.get("id") for element in root.iter()}
    assert set((root.get("aria-labelledby") or "").split()) <= ids
    assert "<script" not in drawn
    assert "style=" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


@EVERY
def test_nothing_is_drawn_outside_the_paper(pathway: Pathway) -> None:
    root = ElementTree.fromstring(diagram.svg(pathway))
    width, height = float(root.get("width") or 0), float(root.get("height") or 0)
    for element in root.iter():
        for name, most in (("x", width), ("x1", width), ("x2", width), ("cx", width), ("y", height), ("cy", height)):
            assert 0 <= float(element.get(name, 0)) <= most


@EVERY
def test_two_labels_never_share_a_line(pathway: Pathway) -> None:
    root = ElementTree.fromstring(diagram.svg(pathway))
    rows = [element.get("y") for element in root.iter(f"{SVG}text") if element.get("text-anchor") is None]
    assert len(rows) == len(set(rows))


@EVERY
@BOTH
def test_every_state_and_event_is_in_the_mermaid_text(pathway: Pathway, language: Language) -> None:
    lines = diagram.mermaid(pathway, language).splitlines()
    assert lines[0] == "stateDiagram-v2"
    for state in pathway.states:
        assert f'    state "{word(state.name, language)}" as {state.name}' in lines
    for way in pathway.ways_in:
        assert f"    [*] --> {way.state}: {word(way.trigger, language)}" in lines
    for transition in pathway.transitions:
        arrow = f"    {transition.source} --> {transition.dest}: {word(transition.trigger, language)}"
        note = f"    note right of {transition.dest}: {word(transition.trigger, language)}"
        assert any(line.startswith((arrow, note)) for line in lines)
