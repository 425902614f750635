"""A pathway drawn: as Mermaid text, or as an SVG in which every state is a column and every event a row."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import escape

from workflow.pathway import Pathway, State, Transition
from workflow.sentences import word
from workflow.vocabulary import Language, Party

COLUMN, ROW, MARGIN, HEAD = 128, 40, 24, 96  # pixels
LETTER = 7  # the width of one, at most, on the average: a label may be longer than its arrow
BOX_WIDTH = 116
INK, FAINT, HANDING, PAPER = "#1a1a1a", "#bfbfbf", "#004d99", "#ffffff"
NARROW = 18  # characters of a word in a box before it is broken

_SAYS = {
    "title": ("Forløbsskabelon: {title}, version {version}", "Pathway: {title}, version {version}"),
    "states": ("Tilstande: {names}.", "States: {names}."),
    "begins": ("Begynder med {trigger} i {state}.", "Begins with {trigger} in {state}."),
    "moves": ("{trigger}: fra {sources} til {dest}{handing}.", "{trigger}: from {sources} to {dest}{handing}."),
    "hands": (", overlevering til {party}", ", handover to {party}"),
    "anywhere": ("fra enhver åben tilstand", "from every open state"),
    "days": ("{n} døgn", "{n} d"),
    "hours": ("{n} t", "{n} h"),
    "within": ("inden {time}", "within {time}"),
    "review": ("ses til hver {time}", "reviewed every {time}"),
    "over": ("slut", "end"),
}  # fmt: skip


@dataclass(frozen=True)
class _Move:
    """One row: what happens, from which states (none: the episode begins), to which, and to whom it hands over."""

    trigger: str
    sources: tuple[str, ...]
    dest: str
    hands_to: Party | None


def mermaid(pathway: Pathway, language: Language = Language.DANISH) -> str:
    """The pathway as a Mermaid state diagram. What can happen from every open state stands as a note, not as arrows."""
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{word(state.name, language)}" as {state.name}' for state in pathway.states]
    open_states = {state.name for state in pathway.states if state.owner is not None}
    for move in _moves(pathway):
        label = _label(move, language)
        if set(move.sources) == open_states:
            lines.append(f"    note right of {move.dest}: {label} {_say('anywhere', language)}")
            continue
        lines += [f"    {source} --> {move.dest}: {label}" for source in move.sources or ("[*]",)]
    lines += [f"    {state.name} --> [*]" for state in pathway.states if state.owner is None]
    return "\n".join(lines) + "\n"


def svg(pathway: Pathway, language: Language = Language.DANISH) -> str:
    """The pathway as an SVG document with a title and a description in words; needs no style sheet, script or font."""
    columns = {state.name: index for index, state in enumerate(_in_order(pathway))}
    moves = sorted(_moves(pathway), key=lambda move: _place_of_row(move, columns, pathway))
    width = MARGIN + max(MARGIN + COLUMN * len(columns), *(_reaches(move, columns, language) for move in moves))
    height = 2 * MARGIN + HEAD + ROW * len(moves)
    title = _say("title", language, title=pathway.title[language], version=pathway.version)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title desc" font-family="sans-serif" font-size="12" lang="{language}">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(_in_words(pathway, moves, language))}</desc>',
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
    ]
    for name, column in columns.items():
        parts += _column(pathway.state(name), column, height, language)
    for row, move in enumerate(moves):
        parts += _row(move, row, columns, language)
    return "\n".join([*parts, "</svg>", ""])


def _moves(pathway: Pathway) -> list[_Move]:
    grouped: dict[tuple[str, str, Party | None], list[str]] = {}
    for way in pathway.ways_in:
        grouped.setdefault((way.trigger, way.state, None), [])
    beginnings = [_Move(trigger, (), dest, None) for trigger, dest, _ in grouped]
    grouped.clear()
    for transition in pathway.transitions:
        grouped.setdefault((transition.trigger, transition.dest, _hands_to(transition)), []).append(transition.source)
    return beginnings + [_Move(trigger, tuple(found), dest, to) for (trigger, dest, to), found in grouped.items()]


def _hands_to(transition: Transition) -> Party | None:
    return transition.hands_over.to if transition.hands_over is not None else None


def _in_order(pathway: Pathway) -> list[State]:
    """The states as a citizen meets them: layer by layer from the ways in, the ends last."""
    layer = {way.state: 0 for way in pathway.ways_in}
    frontier = list(layer)
    while frontier:
        reached = [t.dest for name in frontier for t in pathway.leaving(name) if t.dest not in layer]
        depth = 1 + max(layer.values())
        layer |= dict.fromkeys(reached, depth)
        frontier = list(dict.fromkeys(reached))
    declared = {state.name: index for index, state in enumerate(pathway.states)}
    return sorted(pathway.states, key=lambda state: (state.owner is None, layer[state.name], declared[state.name]))


def _place_of_row(move: _Move, columns: dict[str, int], pathway: Pathway) -> tuple[bool, int, int]:
    """By where it happens, what ends an episode last."""
    first = min((columns[source] for source in move.sources), default=-1)
    return pathway.is_final(move.dest), first, columns[move.dest]


def _reaches(move: _Move, columns: dict[str, int], language: Language) -> int:
    return _left(move, columns) + LETTER * len(_label(move, language))


def _column(state: State, column: int, height: int, language: Language) -> Iterator[str]:
    centre, top = _x(column), MARGIN
    yield f'<line x1="{centre}" y1="{top + HEAD - 16}" x2="{centre}" y2="{height - MARGIN}" stroke="{FAINT}"/>'
    dashes = ' stroke-dasharray="4 3"' if state.owner is None else ""
    yield (
        f'<rect x="{centre - BOX_WIDTH // 2}" y="{top}" width="{BOX_WIDTH}" height="{HEAD - 16}" rx="6" '
        f'fill="{PAPER}" stroke="{INK}"{dashes}/>'
    )
    lines = [*_broken(word(state.name, language)), *_owner_and_time(state, language)]
    for number, (line, weight) in enumerate(lines):
        yield (
            f'<text x="{centre}" y="{top + 18 + 14 * number}" text-anchor="middle" font-weight="{weight}" '
            f'fill="{INK}">{escape(line)}</text>'
        )


def _broken(name: str) -> Iterator[tuple[str, str]]:
    words, line = name.split(), ""
    for one in words:
        if line and len(line) + 1 + len(one) > NARROW:
            yield line, "bold"
            line = one
        else:
            line = f"{line} {one}".strip()
    yield line, "bold"


def _owner_and_time(state: State, language: Language) -> Iterator[tuple[str, str]]:
    if state.owner is None:
        yield _say("over", language), "normal"
        return
    yield word(state.owner, language), "normal"
    kind, span = ("review", state.review) if state.review is not None else ("within", state.within)
    if span is not None:
        yield _say(kind, language, time=_span(span, language)), "normal"


def _row(move: _Move, row: int, columns: dict[str, int], language: Language) -> Iterator[str]:
    y = MARGIN + HEAD + ROW * row + ROW // 2 + 6
    left, dest = _left(move, columns), _x(columns[move.dest])
    sources = [_x(columns[source]) for source in move.sources] or [left]
    colour = HANDING if move.hands_to is not None else INK
    for start, tip in ((min(sources), dest - 8), (max(sources), dest + 8)):
        if (start < dest) == (tip < dest):
            yield f'<line x1="{start}" y1="{y}" x2="{dest}" y2="{y}" stroke="{colour}" stroke-width="1.5"/>'
            yield f'<path d="M{dest} {y} L{tip} {y - 4} L{tip} {y + 4} Z" fill="{colour}"/>'
    for source in sources:
        yield f'<circle cx="{source}" cy="{y}" r="4" fill="{colour}"/>'
    yield (
        f'<text x="{left + 8}" y="{y - 7}" fill="{colour}" stroke="{PAPER}" stroke-width="4" paint-order="stroke">'
        f"{escape(_label(move, language))}</text>"
    )


def _left(move: _Move, columns: dict[str, int]) -> int:
    """Where the row begins: at its leftmost state, or before the state in which episodes begin."""
    dest = _x(columns[move.dest])
    return min((dest, *(_x(columns[source]) for source in move.sources))) if move.sources else dest - COLUMN // 2 - 4


def _x(column: int) -> int:
    return MARGIN + COLUMN * column + COLUMN // 2


def _label(move: _Move, language: Language) -> str:
    return word(move.trigger, language) + _handing(move, language)


def _handing(move: _Move, language: Language) -> str:
    return _say("hands", language, party=word(move.hands_to, language)) if move.hands_to is not None else ""


def _in_words(pathway: Pathway, moves: list[_Move], language: Language) -> str:
    sentences = [_say("states", language, names=", ".join(word(state.name, language) for state in pathway.states))]
    for move in moves:
        trigger, dest = word(move.trigger, language), word(move.dest, language)
        if not move.sources:
            sentences.append(_say("begins", language, trigger=trigger, state=dest))
            continue
        sources = ", ".join(word(source, language) for source in move.sources)
        handing = _handing(move, language)
        sentences.append(_say("moves", language, trigger=trigger, sources=sources, dest=dest, handing=handing))
    return " ".join(sentences)


def _span(span: timedelta, language: Language) -> str:
    if span % timedelta(days=1):
        return _say("hours", language, n=f"{span / timedelta(hours=1):g}")
    return _say("days", language, n=span // timedelta(days=1))


def _say(code: str, language: Language, **facts: object) -> str:
    danish, english = _SAYS[code]
    return (danish if language == Language.DANISH else english).format(**facts)
