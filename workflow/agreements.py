"""Agreements: which rules hold for an episode. Each holds from a date; the narrowest, then the newest, wins."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, get_type_hints

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, selectinload

from workflow.actor import Actor
from workflow.errors import Invalid
from workflow.pathway import Pathway
from workflow.pathways import PATHWAYS, newest
from workflow.rule import QUESTION_ASKED, Rule, Rung
from workflow.tables import Agreement, AgreementMove, AgreementRule, Episode
from workflow.vocabulary import Audience, Concerns, Language


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whom an agreement is for. None: every region, every municipality, every pathway.

    Of a municipality's, the region is the one that it lies in, where what holds there is asked for.
    """

    region_id: int | None = None
    municipality_id: int | None = None
    pathway_key: str | None = None


@dataclass(frozen=True)
class _Version:
    id: int
    region_id: int | None
    municipality_id: int | None
    pathway_key: str | None
    valid_from: datetime
    moves_open: bool
    rules: Mapping[str, Rule | None]  # None: this agreement takes the rule away

    def holds(self, pathway_key: str, *, at: datetime) -> bool:
        """Whether it is the pathway's own and in force."""
        return self.pathway_key == pathway_key and self.valid_from <= at

    def covers(self, whom: Episode | Scope) -> bool:
        return (
            self.region_id in {None, whom.region_id}
            and self.municipality_id in {None, whom.municipality_id}
            and self.pathway_key in {None, whom.pathway_key}
        )

    @property
    def rank(self) -> tuple[bool, bool, bool, datetime, int]:
        return (
            self.municipality_id is not None, self.region_id is not None, self.pathway_key is not None,
            self.valid_from, self.id,
        )  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """The rules for one episode: what held when a thing happened, and what a later agreement moved."""

    _versions: tuple[_Version, ...]  # those that cover the episode, the strongest last
    _at: datetime

    def when(self, anchor: datetime) -> dict[str, Rule]:
        """The rules for what happened at `anchor`, by key."""
        found: dict[str, Rule] = {}
        for version in self._versions:
            if version.valid_from < anchor or (version.moves_open and version.valid_from <= self._at):
                _say(found, version)
        return found

    def agreed(self, pathway_key: str) -> bool:
        """Whether anything of the pathway's own is agreed by now: what else holds for it only changes that."""
        return any(version.holds(pathway_key, at=self._at) for version in self._versions)

    def concerning(self, concerns: Concerns, on: str, anchor: datetime) -> Rule | None:
        """The rule about a state, or about the sending or answering of a handover on a trigger."""
        return next((r for r in self.when(anchor).values() if r.concerns == concerns and r.on == on), None)


def _say(found: dict[str, Rule], version: _Version) -> None:
    """Let a version have its word: what it says holds, what it takes away does not."""
    for key, rule in version.rules.items():
        if rule is None:
            found.pop(key, None)
        else:
            found[key] = rule


_book: tuple[int, tuple[_Version, ...]] = (0, ())


def terms_for(session: Session, episode: Episode, *, at: datetime, newest_known: int | None = None) -> Terms:
    """What has been agreed for this episode. Agreements never change, so they are read once per process."""
    return Terms(_covering(session, episode, newest_known), at)


def terms_of(session: Session, episodes: Sequence[Episode], *, at: datetime) -> dict[int, Terms]:
    """The same for several, by the number of the episode: whatever is new is asked for once."""
    newest_known = session.scalar(select(func.max(Agreement.id))) or 0 if episodes else 0
    return {one.id: terms_for(session, one, at=at, newest_known=newest_known) for one in episodes}


def in_force(session: Session, scope: Scope, *, at: datetime) -> dict[str, Rule]:
    """The rules that hold at `at` for everybody in `scope`, by key; what only some of them have agreed is not here."""
    found: dict[str, Rule] = {}
    for version in _covering(session, scope):
        if version.valid_from <= at:
            _say(found, version)
    return found


def narrower(session: Session, scope: Scope, key: str, *, at: datetime) -> list[Scope]:
    """Whose own agreements say something about the rule `key` that stands above what is agreed for `scope` now."""
    rank = _Version(0, scope.region_id, scope.municipality_id, scope.pathway_key, at, False, {}).rank
    above = (v for v in _versions(session) if v.rank[:3] > rank[:3] and v.valid_from <= at and key in v.rules)
    return [Scope(region_id=v.region_id, municipality_id=v.municipality_id, pathway_key=v.pathway_key) for v in above]


def _covering(session: Session, whom: Episode | Scope, newest_known: int | None = None) -> tuple[_Version, ...]:
    return tuple(sorted((v for v in _versions(session, newest_known) if v.covers(whom)), key=lambda v: v.rank))


def _versions(session: Session, newest_known: int | None = None) -> tuple[_Version, ...]:
    number = newest_known if newest_known is not None else session.scalar(select(func.max(Agreement.id))) or 0
    global _book
    if _book[0] != number:
        rows = session.scalars(select(Agreement).options(selectinload(Agreement.rules)))
        _book = (number, tuple(_version(row) for row in rows))
    return _book[1]


def forget() -> None:
    """Read the agreements anew at the next question: another database may have others under the same numbers."""
    global _book
    _book = (0, ())


def _version(row: Agreement) -> _Version:
    rules = {rule.key: None if rule.withdrawn else read_rule(rule.terms) for rule in row.rules}
    return _Version(
        row.id, row.region_id, row.municipality_id, row.pathway_key, row.valid_from, row.moves_open_deadlines, rules
    )


def add(
    session: Session,
    title: str,
    rules: Iterable[Rule],
    *,
    by: Actor,
    at: datetime,
    valid_from: datetime,
    region_id: int | None = None,
    municipality_id: int | None = None,
    pathway_key: str | None = None,
    takes_away: Iterable[str] = (),
    moves_open_deadlines: bool = False,
    note: str = "",
) -> Agreement:
    """Add an agreement that holds from `valid_from` on, for what happens from then.

    With `moves_open_deadlines`, `moving.go_on` moves those of open episodes too, and writes it in their history.
    Raises Invalid, naming what is wrong in words; nothing holds from a time that has passed.
    """
    if valid_from < at:
        raise Invalid("valid_from_in_the_past")
    if moves_open_deadlines and valid_from > at:
        raise Invalid("moves_only_from_now")
    kept = tuple(rules)
    concerned = [newest(pathway_key)] if pathway_key else [newest(key) for key in {key for key, _ in PATHWAYS}]
    if problems := [p for rule in kept for p in (*rule.problems(), *_strangers(rule, concerned))]:
        raise Invalid("bad_agreement", problems="; ".join(problems))
    agreement = Agreement(
        title=title, region_id=region_id, municipality_id=municipality_id, pathway_key=pathway_key,
        valid_from=valid_from, moves_open_deadlines=moves_open_deadlines, note=note,
        recorded_at=at, recorded_by=by.name,
        rules=[
            *(AgreementRule(key=rule.key, terms=write_rule(rule), withdrawn=False) for rule in kept),
            *(AgreementRule(key=key, terms={}, withdrawn=True) for key in takes_away),
        ],
    )  # fmt: skip
    session.add(agreement)
    session.flush()
    if moves_open_deadlines:
        session.add(AgreementMove(agreement_id=agreement.id, reached_id=0, moved=0))
        session.flush()
    return agreement


def _strangers(rule: Rule, pathways: list[Pathway]) -> Iterator[str]:
    known = {t.trigger for p in pathways for t in p.transitions} | {w.trigger for p in pathways for w in p.ways_in}
    states = {state.name for p in pathways for state in p.states}
    if rule.concerns == Concerns.QUESTION:
        known |= {QUESTION_ASKED}
    if rule.on not in (states if rule.concerns == Concerns.STATE else known):
        yield f"{rule.key}: '{rule.on}' never happens"
    for trigger in {*rule.withdrawn_by, *([rule.before] if rule.before else [])} - known:
        yield f"{rule.key}: '{trigger}' never happens"


def seed(session: Session, *, by: Actor, at: datetime, valid_from: datetime | None = None) -> list[Agreement]:
    """The first agreement of every pathway that everybody has none for, and no other; returns what was added.

    The numbers written in the pathways, as an example to be confirmed locally. Without `valid_from` it holds from now
    on, for what is open too: what happened yesterday and is told today is owed for. Two callers at once: the second
    waits, and finds the first's.
    """
    session.execute(text("select pg_advisory_xact_lock(hashtext('first agreements'))"))
    has_own = Agreement.region_id.is_(None), Agreement.municipality_id.is_(None), Agreement.pathway_key.is_not(None)
    there = set(session.scalars(select(Agreement.pathway_key).where(*has_own)))
    return [
        add(
            session, f"{newest(key).title[Language.DANISH]}: Region Midtjylland 2021/2022 (eksempel)",
            newest(key).rules(), by=by, at=at, valid_from=valid_from or at, pathway_key=key,
            moves_open_deadlines=valid_from is None, note="Skal bekræftes lokalt.",
        )
        for key in dict.fromkeys(key for key, _ in PATHWAYS)
        if key not in there
    ]  # fmt: skip


def first_rules() -> dict[str, Rule]:
    """The rules of every first agreement, by their keys: what one that no longer holds somewhere was about."""
    return {rule.key: rule for key in dict.fromkeys(key for key, _ in PATHWAYS) for rule in newest(key).rules()}


def without(session: Session, *, at: datetime) -> list[Pathway]:
    """The pathways for which nothing of their own is agreed for everybody at `at`: no episode is opened on them."""
    versions = _versions(session)
    return [
        newest(key)
        for key in dict.fromkeys(key for key, _ in PATHWAYS)
        if not any(v.covers(Scope(pathway_key=key)) and v.holds(key, at=at) for v in versions)
    ]


def write_rule(rule: Rule) -> dict[str, Any]:
    """A rule as JSON; what is left at its default is left out. Durations in seconds, clock times as HH:MM."""
    plain = {field.name: getattr(rule, field.name) for field in fields(rule)}
    defaults = {field.name: field.default for field in fields(rule)}
    return {name: _write(value) for name, value in plain.items() if value != defaults[name]}


def _write(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, tuple):
        return [[rung.offset.total_seconds(), rung.to] if isinstance(rung, Rung) else rung for rung in value]
    return value


def read_rule(terms: Mapping[str, Any]) -> Rule:
    """The rule that `write_rule` wrote. Raises Invalid when it cannot be one."""
    try:
        return Rule(**{name: _read(name, value) for name, value in terms.items()})
    except (TypeError, ValueError, KeyError) as error:
        raise Invalid("bad_agreement", problems=f"{terms.get('key', '?')}: {error}") from error


_HINTS = get_type_hints(Rule)


def _read(name: str, value: Any) -> Any:
    hint = _HINTS[name]
    if name == "ladder":
        return tuple(Rung(timedelta(seconds=offset), Audience(to)) for offset, to in value)
    if isinstance(value, list):
        return tuple(value)
    if name == "after":
        return timedelta(seconds=value)
    if name == "clock":
        return time.fromisoformat(value)
    kind = next((part for part in getattr(hint, "__args__", (hint,)) if isinstance(part, type)), str)
    return kind(value) if issubclass(kind, StrEnum) else value
