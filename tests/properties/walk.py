"""People, messages and sweeps that do anything to a few episodes, in any order; one step is one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from tests import world as worlds
from tests.properties import promises
from tests.properties.generated import NEEDS, TRIGGERS, pathways
from tests.properties.promises import Rows
from tests.world import ISBAR, LONG_AGO, World
from workflow import agreements, amendments, casefile, db, deadlines, episodes, merging, moving, places, tasks
from workflow.actor import SYSTEM, Actor
from workflow.agreed import OWNERS, Agreed
from workflow.episodes import PhoneAgreement
from workflow.errors import Stale, WorkflowError
from workflow.handing import handovers
from workflow.pathway import Pathway, Transition
from workflow.pathways import PATHWAYS, newest, pathway
from workflow.rule import Rule, hours
from workflow.seeing import access, break_glass, sight
from workflow.seeing.access_log import Visit
from workflow.settle import settle
from workflow.tables import Agreement, Citizen, Episode, Person
from workflow.vocabulary import DoneBy, EntryKind, HandoverState, Language, Origin, Outcome, Party, TaskState

Result = TypeVar("Result")
Waited = tuple[timedelta, bool]
Doing = tuple[str, int]

START = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)  # a Friday; on the Sunday the clock goes forward
MESSAGE = Actor(name="MedCom", origin=Origin.MESSAGE)
WHO = (
    "coordinator", "ward_nurse", "ward_manager", "nurse", "second_nurse", "municipal_manager", "facility_nurse",
    "second_facility_nurse", "facility_manager", "stranger",
)  # fmt: skip
LONG_ENOUGH = timedelta(days=60)

numbers = st.integers(0, 50)  # the how-manieth of what there is, counted round
anybody = st.sampled_from((*WHO, "message", "practitioner"))
changes_of_hands = st.sampled_from(("claim", "take_over", "hand_on", "give_back", "confirm", "not_relevant"))
corrections = st.sampled_from((-1500, -60, -1, 0, 1, 60, 300))  # minutes
minutes_ago = st.sampled_from((None, None, 0, 1, 60, 5 * 60, 30 * 60))
# How long since the step before, and whether the sweep has been by.
later = st.sampled_from(
    (*[(hours(0), False)] * 3, (hours(1), True), (hours(20), True), (hours(20), False), (hours(30), False))
)
mostly = st.sampled_from((True, True, True, False))
doings = st.tuples(st.sampled_from(("event", "event", "handover", "handover", "task")), numbers)
lives = st.lists(doings, min_size=1, max_size=8)
outcomes = st.sampled_from((*[Outcome.COMPLETED] * 5, *Outcome))
triggers = st.sampled_from((*TRIGGERS, "patient_died", "episode_cancelled", "episode_closed", "patient_readmitted"))


@dataclass(frozen=True)
class Start:
    """Where walks begin, and come back to; `first` is what the first episode follows (None: anything)."""

    connection: Connection
    world: World
    first: Pathway | None = None


class Walk(RuleBasedStateMachine):
    """A world, some episodes in it, and everything that anybody may try."""

    start: ClassVar[Start]

    @classmethod
    def starting(cls, start: Start) -> "type[Walk]":
        """Walks of this kind that begin there."""
        return type(cls.__name__, (cls,), {"start": start})

    def __init__(self) -> None:
        super().__init__()
        self.everything = self.start.connection.begin_nested()
        world = self.start.world
        self.world, self.first, self.now = world, self.start.first, START
        self.swept_at: datetime | None = None
        self.rows = promises.NOTHING
        self.merges: list[UUID] = []
        with _door() as session:
            self.digest = promises.digest(session)
        self.actors = {name: getattr(world, name) for name in WHO}
        self.people: dict[int, Actor] = {actor.person_id: actor for actor in self.actors.values()}
        self.actors |= {
            "message": MESSAGE,
            "practitioner": Actor(name="Lægen Demo", unit_id=world.practice.id),
        }

    def teardown(self) -> None:
        """However it went: once enough time has passed, everything that was not done has been told and written down."""
        try:
            if self.rows.tables["episodes"]:
                self.now += LONG_ENOUGH
                with _door() as session, session.begin():
                    promises.check_second_lock(session, self.rows)
                self._sweep(batch=1_000)
                assert not [d for d in self.rows.tables["deadlines"].values() if d.next_at is not None]
        finally:
            self.everything.rollback()

    # --- doors ---

    def _do(self, act: Callable[[Session], Result]) -> Result | None:
        """One request: carried out, and every promise holds; or refused with a sentence, and nothing changes."""
        try:
            with _door() as session, session.begin():
                result = act(session)
        except WorkflowError as refusal:
            self._refused(refusal)
            return None
        self._look()
        return result

    def _refused(self, refusal: WorkflowError) -> None:
        event(f"refused: {refusal.code}")
        assert all(refusal.say(language) for language in Language)
        with _door() as session:
            assert promises.digest(session) == self.digest, f"refused, and yet something changed: {refusal.code}"

    def _look(self) -> None:
        before = self.rows
        with _door() as session:
            self.rows, self.digest = Rows.read(session), promises.digest(session)
            promises.check(before, self.rows, self.people, swept_at=self.swept_at)
            promises.check_chains(session)
        for episode in self.rows.tables["episodes"].values():
            earlier = before.tables["episodes"].get(episode.id)
            if earlier is None or earlier.history_number != episode.history_number:
                self._settling_again_changes_nothing(episode.id)

    def _settling_again_changes_nothing(self, episode_id: int) -> None:
        with _door() as session, session.begin():
            case = casefile.fetch(session, episode_id, at=self.now)
            again = settle(session, case, number=case.episode.history_number + 1, by=SYSTEM, at=self.now)
            session.flush()
            assert again == {}
            assert promises.digest(session) == self.digest

    def _wait(self, passed: timedelta, swept: bool) -> None:
        self.now += passed
        if swept:
            self._sweep(batch=3)

    def _sweep(self, *, batch: int) -> None:
        def until_nothing_is_due(session: Session) -> None:
            while deadlines.raise_due(session, at=self.now, batch=batch):
                pass

        self.swept_at = self.now
        self._do(until_nothing_is_due)

    # --- what there is ---

    def _episode(self, n: int) -> Any:
        return _nth(list(self.rows.tables["episodes"].values()), n)

    def _at_work_for(self, unit_id: int | None, n: int = 0) -> Actor:
        at_work = [a for a in self.actors.values() if a.unit_id == unit_id]
        return _nth(at_work, n) if at_work else MESSAGE

    def _effective(self, minutes: int | None) -> datetime | None:
        return None if minutes is None else self.now - timedelta(minutes=minutes)

    # --- time and sweeps ---

    @rule(passed=st.sampled_from((hours(1), hours(4), hours(18), hours(24), hours(24 * 6), timedelta(minutes=1))))
    def time_passes(self, passed: timedelta) -> None:
        self.now += passed

    @rule(n=numbers, left=st.sampled_from((0, 1, 60, 180)), swept=mostly, stays=mostly)
    def something_is_about_to_fall_due(self, n: int, left: int, swept: bool, stays: bool) -> None:
        """Minutes are left, reminders have been raised; it may be now that the citizen is sent another way."""
        live = self.rows.of("deadlines", ended_at=None)
        if ahead := [d for d in live if d.due_at - timedelta(minutes=left) >= self.now]:
            deadline = _nth(ahead, n)
            self._wait(deadline.due_at - timedelta(minutes=left) - self.now, swept)
            if not stays:
                which = [e.id for e in self._open_episodes()].index(deadline.episode_id)
                self.somebody_reroutes(which, 0, facility=True, right=True, who="nurse", passed=(hours(0), False))

    @rule(batch=st.sampled_from((1, 3, 1_000)), all_of_it=st.booleans())
    def the_sweep_runs(self, batch: int, all_of_it: bool) -> None:
        if all_of_it:
            self._sweep(batch=batch)
        else:
            self._do(lambda session: deadlines.raise_due(session, at=self.now, batch=batch))

    # --- episodes ---

    @initialize(way=numbers, needs=st.sets(st.sampled_from(NEEDS)), so_far=lives)
    def the_first_citizen(self, way: int, needs: set[str], so_far: list[Doing]) -> None:
        self._first_citizen(way, needs, so_far)

    def _first_citizen(self, way: int, needs: set[str], so_far: list[Doing]) -> None:
        """Somebody who is somewhere on the way already."""
        followed = self.first or newest(_nth(sorted({key for key, _ in PATHWAYS}), way))
        opened = self._do(self._opening(followed, way, needs, practice=True, facility=True))
        assert opened is not None
        self.life_goes_on(which=0, life=so_far)

    @rule(which=numbers, life=lives)
    def life_goes_on(self, which: int, life: list[Doing]) -> None:
        """One thing after the other, as it should be: each by who should do it, with all that is asked for."""
        for what, n in life:
            passed = (hours(n % 7), n % 3 == 0)
            match what:
                case "event":
                    self.something_happens(which, n, message=n % 2 == 0, minutes=0, ends=False, passed=passed)
                case "handover":
                    self.a_handover_goes_on(which, accept=n % 5 > 0, read=n % 6 == 0, n=n, whole=True, passed=passed)
                case _:
                    self.a_task_is_worked_on(n, True, "nurse", Outcome.COMPLETED, None, said=True, passed=passed)

    def _opening(
        self,
        followed: Pathway,
        way: int,
        needs: set[str],
        *,
        practice: bool,
        facility: bool,
        replacement: bool = False,
    ) -> Callable[[Session], UUID]:
        """By whoever takes people in so; what nobody would write comes by a message."""
        world, chosen = self.world, _nth(followed.ways_in, way)
        responsible = followed.receiver if chosen.responsible == Party.RECEIVER else chosen.responsible
        asked = {condition for one in followed.rules() for condition in one.when}
        planned = chosen.key in {"general_practice", "municipality", "citizen"}
        by = world.coordinator if responsible == Party.WARD else world.nurse if planned else MESSAGE

        def opening(session: Session) -> UUID:
            somebody = worlds.citizen(session, world, replacement=replacement)
            return episodes.open_episode(
                session, somebody, followed.key, chosen.key,
                by=by, at=self.now, ward=None if planned else world.ward, district=world.district,
                facility=world.facility if facility else None, practice=world.practice if practice else None,
                needs=tuple(sorted(needs & asked)),
            ).uuid  # fmt: skip

        return opening

    @precondition(lambda self: len(self.rows.tables["episodes"]) < 4)
    @rule(
        which=numbers,
        way=numbers,
        needs=st.sets(st.sampled_from(NEEDS)),
        practice=st.booleans(),
        facility=st.booleans(),
        replacement=mostly,
    )
    def another_citizen(
        self, which: int, way: int, needs: set[str], practice: bool, facility: bool, replacement: bool
    ) -> None:
        followed = newest(_nth(sorted({key for key, _ in PATHWAYS}), which))
        opening = self._opening(followed, way, needs, practice=practice, facility=facility, replacement=replacement)
        self._do(opening)

    @precondition(lambda self: len(self.rows.tables["episodes"]) > 1)
    @rule(which=numbers, into=numbers, goes_on=st.booleans(), who=anybody)
    def somebody_merges(self, which: int, into: int, goes_on: bool, who: str) -> None:
        """A replacement number turns out to be another of the citizens here."""
        one, other, by = self._episode(which), self._episode(into), self.actors[who]

        def merge(session: Session) -> UUID:
            replacement, real = (session.get_one(Citizen, e.citizen_id) for e in (one, other))
            chosen = (one if goes_on else other).uuid
            return merging.merge(session, replacement, real, by=by, at=self.now, reason="Fundet", goes_on=chosen).uuid

        if merged := self._do(merge):
            self.merges.append(merged)

    @rule(which=numbers, who=anybody, passed=st.sampled_from((hours(0), hours(3), hours(4), hours(24))))
    def somebody_breaks_the_glass(self, which: int, who: str, passed: timedelta) -> None:
        """They see that citizen for four hours, nobody else in their unit does, and `related` knows nothing of it."""
        episode, by, began = self._episode(which), self.actors[who], self.now
        visit = Visit(what="walk", at=began)

        def break_it(session: Session) -> None:
            sight.open(session, by, at=began)
            cpr = session.get_one(Citizen, episode.citizen_id).cpr
            break_glass.open(session, by, cpr, "Vagt", visit=visit, at=began)

        with _door() as session:
            before = sight.open(session, by, at=began).opened
        opened = False
        try:
            with _door() as session, session.begin():
                break_it(session)
            opened = True
        except WorkflowError as refusal:
            self._refused(refusal)
        self._look()
        self.now += passed
        with _door() as session:
            theirs = episode.citizen_id in sight.open(session, by, at=self.now).opened
            assert theirs == (opened and passed < hours(4)) or episode.citizen_id in before
            if (colleague := replace(by, person_id=-1)).sees_patients:
                assert not sight.open(session, colleague, at=self.now).opened

    @precondition(lambda self: self.merges)
    @rule(which=numbers, who=anybody)
    def somebody_undoes_a_merge(self, which: int, who: str) -> None:
        merge_id, by = _nth(self.merges, which), self.actors[who]
        self._do(lambda session: merging.undo(session, merge_id, by=by, at=self.now, reason="To alligevel"))

    @rule(
        which=numbers, what=numbers, message=st.booleans(), minutes=st.sampled_from((0, 0, 1, 60, 300)),
        ends=st.sampled_from((False, False, False, True)), passed=later,
    )  # fmt: skip
    def something_happens(self, which: int, what: int, message: bool, minutes: int, ends: bool, passed: Waited) -> None:
        """What can happen now, told by who may tell it, with all that is asked for where that is possible."""
        self._wait(*passed)
        episode, followed = self._here(which)
        if possible := [t for t in followed.leaving(episode.state) if ends or not followed.is_final(t.dest)]:
            transition = _nth(possible, what)
            by = MESSAGE if message else self._reporter(episode, transition)
            self._do(lambda session: self._report(session, episode, transition.trigger, by, self._effective(minutes)))

    def _open_episodes(self) -> list[Any]:
        return [e for e in self.rows.tables["episodes"].values() if e.closed_at is None]

    def _here(self, which: int) -> tuple[Any, Pathway]:
        open_ones = self._open_episodes()
        episode = _nth(open_ones, which) if open_ones else self._episode(which)
        return episode, pathway(episode.pathway_key, episode.pathway_version)

    def _reporter(self, episode: Any, transition: Transition) -> Actor:
        found = (a for a in self.actors.values() if access.may_report(a, episode, transition))
        return next(found, MESSAGE)

    def _report(
        self,
        session: Session,
        episode: Any,
        trigger: str,
        by: Actor,
        effective_at: datetime | None,
        seen: int | None = None,
    ) -> Episode:
        phoned = PhoneAgreement(spoken_with="Maja Demo", made_at=effective_at or self.now, agreed="Hjemmepleje i aften")
        return episodes.record_event(
            session, episode.uuid, trigger, by=by, at=self.now, effective_at=effective_at, reason="Det hastede",
            phone=phoned, seen=seen,
        )  # fmt: skip

    @rule(
        which=numbers, trigger=triggers, who=anybody, minutes=st.one_of(minutes_ago, st.just(-10)), reason=st.booleans()
    )
    def anybody_reports_anything(self, which: int, trigger: str, who: str, minutes: int | None, reason: bool) -> None:
        episode, by = self._episode(which), self.actors[who]
        self._do(
            lambda session: episodes.record_event(
                session, episode.uuid, trigger, by=by, at=self.now, effective_at=self._effective(minutes),
                reason="Det hastede" if reason else None,
            )
        )  # fmt: skip

    @rule(which=numbers, what=numbers, also=numbers, behind=st.sampled_from((0, 0, 0, 1)))
    def two_report_from_the_same_page(self, which: int, what: int, also: int, behind: int) -> None:
        """One of them is first; the other is told so, whatever they report."""
        episode, followed = self._here(which)
        seen = episode.history_number - behind
        possible = followed.leaving(episode.state)
        told: list[bool | None] = []  # None: it was recorded; else: was it for being stale
        for n in (what, also) if possible else ():
            transition = _nth(possible, n)
            by = self._reporter(episode, transition)
            try:
                with _door() as session, session.begin():
                    self._report(session, episode, transition.trigger, by, None, seen)
            except WorkflowError as refusal:
                self._refused(refusal)
                told.append(isinstance(refusal, Stale))
            else:
                self._look()
                told.append(None)
        winners = [n for n, stale in enumerate(told) if stale is None]
        assert len(winners) <= (not behind)
        assert all(told[winners[0] + 1 :] if winners else ()), "whoever comes second is told that somebody was faster"
        assert not behind or all(told)

    @rule(which=numbers, back=st.sampled_from((0, 0, 0, 1)), right=mostly, who=anybody, reason=mostly)
    def an_event_is_cancelled(self, which: int, back: int, right: bool, who: str, reason: bool) -> None:
        episode, by = self._episode(which), MESSAGE if right else self.actors[who]
        number = _nth(self._events(episode)[::-1], back).number
        self._do(
            lambda session: amendments.cancel_event(
                session, episode.uuid, number, by=by, at=self.now, reason="Fejl" if reason else " "
            )
        )

    def _events(self, episode: Any) -> list[Any]:
        told = self.rows.of("history", episode_id=episode.id)
        cancelled = {entry.about for entry in told if entry.kind == EntryKind.CANCELLED}
        happened = [entry for entry in told if entry.kind in {EntryKind.OPENED, EntryKind.EVENT}]
        return [entry for entry in happened if entry.number not in cancelled]

    @rule(which=numbers, back=st.integers(0, 3), minutes=corrections, right=mostly, who=anybody)
    def a_time_is_corrected(self, which: int, back: int, minutes: int, right: bool, who: str) -> None:
        episode, by = self._episode(which), MESSAGE if right else self.actors[who]
        entry = _nth(self._events(episode)[::-1], back)
        corrected = entry.effective_at + timedelta(minutes=minutes)
        self._do(
            lambda session: amendments.correct_time(
                session, episode.uuid, entry.number, corrected, by=by, at=self.now, reason="Klokken var forkert"
            )
        )

    @rule(which=numbers, to=numbers, facility=st.booleans(), right=mostly, who=anybody, passed=later)
    def somebody_reroutes(self, which: int, to: int, facility: bool, right: bool, who: str, passed: Waited) -> None:
        self._wait(*passed)
        episode, followed = self._here(which)
        key = _nth(sorted({key for key, _ in PATHWAYS if not (right and key == followed.key)}), to)
        by = self._at_work_for(episode.district_id) if right else self.actors[who]
        to_facility = self.world.facility if right or facility else None
        self._do(
            lambda session: amendments.reroute(session, episode.uuid, key, by=by, at=self.now, facility=to_facility)
        )

    @rule(which=numbers, minutes=minutes_ago, who=st.sampled_from(("coordinator", "ward_nurse", "message", "nurse")))
    def somebody_is_readmitted(self, which: int, minutes: int | None, who: str) -> None:
        episode = self._episode(which)
        self._do(
            lambda session: episodes.readmit(
                session, episode.uuid, ward=self.world.ward, by=self.actors[who], at=self.now,
                effective_at=self._effective(minutes),
            )
        )  # fmt: skip

    @rule(which=numbers, ahead=st.sampled_from((-30, 0, 4, 24, 72)), who=anybody)
    def a_discharge_is_expected(self, which: int, ahead: int, who: str) -> None:
        episode = self._episode(which)
        self._do(
            lambda session: amendments.expect_discharge(
                session, episode.uuid, self.now + hours(ahead), by=self.actors[who], at=self.now
            )
        )

    @rule(which=numbers, need=st.sampled_from(NEEDS), who=anybody)
    def a_need_is_recorded(self, which: int, need: str, who: str) -> None:
        episode = self._episode(which)
        self._do(lambda session: amendments.record_need(session, episode.uuid, need, by=self.actors[who], at=self.now))

    @rule(which=numbers, right=mostly, who=anybody)
    def somebody_reviews(self, which: int, right: bool, who: str) -> None:
        episode, _ = self._here(which)
        by = self._at_work_for(episode.owner_unit_id) if right else self.actors[who]
        self._do(lambda session: amendments.review(session, episode.uuid, by=by, at=self.now))

    @rule(after=st.sampled_from((hours(1), hours(30))), which=numbers, moves=st.booleans(), backwards=st.booleans())
    def the_numbers_are_agreed_anew(self, after: timedelta, which: int, moves: bool, backwards: bool) -> None:
        """Another time for one rule of one pathway: for what happens from now on, or for all that is open."""
        _, followed = self._here(which)
        changed = _nth([r for r in followed.rules() if r.after is not None], which)
        valid_from = START - hours(1) if backwards else self.now if moves else self.now + timedelta(minutes=1)

        def agree(session: Session) -> None:
            rules = [replace(changed, after=after)]
            _agree(session, followed, rules, at=self.now, valid_from=valid_from, moves=moves)
            while moving.go_on(session, at=self.now):
                pass

        self._do(agree)

    # --- handovers ---

    @rule(which=numbers, accept=mostly, read=st.booleans(), n=numbers, whole=mostly, passed=later)
    def a_handover_goes_on(self, which: int, accept: bool, read: bool, n: int, whole: bool, passed: Waited) -> None:
        """The next thing that the right people do: send it, read it, answer it."""
        self._wait(*passed)
        episode, _ = self._here(which)
        under_way = [h for h in self._handovers(episode) if h.passed_at is None and h.state != HandoverState.WITHDRAWN]
        if not under_way or under_way[0].state in {HandoverState.OWED, HandoverState.REJECTED}:
            unit_id = under_way[0].from_unit_id if under_way else episode.responsible_unit_id
            content, reason = (ISBAR, None) if whole else ({"S.reason": "Fald"}, "Systemet var nede")
            self._do(
                lambda session: handovers.send(
                    session,
                    episode.uuid,
                    content,
                    by=self._at_work_for(unit_id, n),
                    at=self.now,
                    override_reason=reason,
                )
            )
        else:
            handover = under_way[0]
            act = "read" if read else "accept" if accept else "reject"
            self._answer(handover.uuid, act, self._at_work_for(handover.to_unit_id, n), handover.version)

    def _handovers(self, episode: Any) -> list[Any]:
        return self.rows.of("handovers", episode_id=episode.id)

    def _answer(self, handover_id: UUID, act: str, by: Actor, version: int | None) -> None:
        def answer(session: Session) -> None:
            match act:
                case "read":
                    handovers.read(session, handover_id, by=by, at=self.now)
                case "accept":
                    handovers.accept(session, handover_id, by=by, at=self.now, version=version or 1)
                case "reject":
                    handovers.reject(
                        session, handover_id, by=by, at=self.now, reason="Medicinlisten mangler", version=version
                    )
                case _:
                    handovers.inform(session, handover_id, by=by, at=self.now)

        self._do(answer)

    @rule(
        which=numbers,
        n=numbers,
        act=st.sampled_from(("read", "accept", "reject", "inform")),
        who=anybody,
        version=st.booleans(),
    )
    def anybody_answers_a_handover(self, which: int, n: int, act: str, who: str, version: bool) -> None:
        if there := self._handovers(self._episode(which)):
            handover = _nth(there, n)
            self._answer(handover.uuid, act, self.actors[who], handover.version - 1 if version else None)

    @rule(which=numbers, who=anybody, whole=st.booleans(), seen=st.sampled_from((None, None, 0, 1)))
    def anybody_sends_a_handover(self, which: int, who: str, whole: bool, seen: int | None) -> None:
        episode = self._episode(which)
        self._do(
            lambda session: handovers.send(
                session, episode.uuid, ISBAR if whole else {}, by=self.actors[who], at=self.now, seen=seen
            )
        )

    # --- tasks ---

    @rule(n=numbers, right=mostly, who=anybody, outcome=outcomes, minutes=minutes_ago, said=mostly, passed=later)
    def a_task_is_worked_on(
        self, n: int, right: bool, who: str, outcome: Outcome, minutes: int | None, said: bool, passed: Waited
    ) -> None:
        """Tried or done, as the task asks for; mostly with all that must be said."""
        self._wait(*passed)
        if not self.rows.tables["tasks"]:
            return
        open_ones = self.rows.of("tasks", state=TaskState.OPEN)
        task = _nth(open_ones if right and open_ones else list(self.rows.tables["tasks"].values()), n)
        by, made_at = self._at_work_for(task.unit_id, n) if right else self.actors[who], self._effective(minutes)

        def work(session: Session) -> None:
            if task.done_by == DoneBy.CONTACT and (right or said):
                tasks.record_attempt(
                    session, task.uuid, outcome, by=by, at=self.now, made_at=made_at,
                    spoken_with="Anders Demo" if said else None, note="Flyttet" if said else None,
                    next_try_at=self.now + hours(1), agreed=self._agreed(n) if outcome == Outcome.COMPLETED else (),
                )  # fmt: skip
            else:
                tasks.complete(
                    session, task.uuid, by=by, at=self.now, done_at=made_at, record="Journalen" if said else ""
                )

        self._do(work)

    def _agreed(self, n: int) -> tuple[Agreed, ...]:
        """What comes out of a conversation: often nothing, else as many things as there are who can take them on."""
        due = (self.now + hours(1), self.now + hours(30), self.now)
        return tuple(Agreed(text=f"Aftale {i}", owner=OWNERS[i], due_at=due[(n + i) % 3]) for i in range(n % 4))

    @rule(n=numbers, act=changes_of_hands, right=mostly, who=anybody)
    def a_task_changes_hands(self, n: int, act: str, right: bool, who: str) -> None:
        if not self.rows.tables["tasks"]:
            return
        task = _nth(list(self.rows.tables["tasks"].values()), n)
        by = self._at_work_for(task.counterpart_unit_id if act == "confirm" else task.unit_id, n)
        by = by if right else self.actors[who]

        def change(session: Session) -> None:
            match act:
                case "claim" | "take_over":
                    tasks.claim(session, task.uuid, by=by, at=self.now, take_over=act == "take_over")
                case "hand_on" | "give_back":
                    to = session.scalars(select(Person).order_by(Person.id).offset(n % 10).limit(1)).one()
                    tasks.hand_on(
                        session, task.uuid, to=to if act == "hand_on" else None, by=by, at=self.now, note="Vagtskifte"
                    )
                case "confirm":
                    tasks.confirm(session, task.uuid, by=by, at=self.now)
                case _:
                    tasks.confirm_not_relevant(session, task.uuid, by=by, at=self.now)

        self._do(change)

    # --- places ---

    @rule(
        which=numbers,
        n=numbers,
        act=st.sampled_from(("reserve", "arrive", "leave", "move", "wait", "stop_waiting")),
        minutes=minutes_ago,
    )
    def a_place_is_used(self, which: int, n: int, act: str, minutes: int | None) -> None:
        episode, by, at = self._episode(which), self.world.facility_nurse, self.now
        when = self._effective(minutes)

        def use(session: Session) -> None:
            match act:
                case "reserve":
                    places.reserve(session, _nth(self.world.places, n).uuid, episode.uuid, by=by, at=at, from_at=when)
                case "move":
                    places.move(session, episode.uuid, _nth(self.world.places, n).uuid, by=by, at=at)
                case "wait":
                    kind = self.world.places[0].kind
                    places.request(session, self.world.facility.id, kind, episode.uuid, by=by, at=at)
                case "stop_waiting":
                    places.stop_waiting(session, episode.uuid, by=by, at=at)
                case "arrive":
                    places.arrive(session, episode.uuid, by=by, at=at, arrived_at=when)
                case _:
                    places.leave(session, episode.uuid, by=by, at=at, left_at=when)

        self._do(use)


class GeneratedWalk(Walk):
    """The same on a pathway that was made up, beside the shipped ones."""

    made_up: Pathway | None = None

    @initialize(way=numbers, needs=st.sets(st.sampled_from(NEEDS)), so_far=lives, made_up=pathways())
    def the_first_citizen(self, way: int, needs: set[str], so_far: list[Doing], made_up: Pathway) -> None:
        PATHWAYS[made_up.key, made_up.version] = self.first = self.made_up = made_up
        with _door() as session, session.begin():
            _agree(session, made_up, list(made_up.rules()), at=LONG_AGO, valid_from=LONG_AGO, moves=False)
        self._look()
        self._first_citizen(way, needs, so_far)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            if self.made_up is not None:
                del PATHWAYS[self.made_up.key, self.made_up.version]


def _door() -> Session:
    return db.Session()


def _nth(things: Sequence[Result], n: int) -> Result:
    return things[n % len(things)]


def _agree(
    session: Session, followed: Pathway, rules: list[Rule], *, at: datetime, valid_from: datetime, moves: bool
) -> Agreement:
    return agreements.add(
        session, "Aftale Demo", rules, by=SYSTEM, at=at, valid_from=valid_from, pathway_key=followed.key,
        moves_open_deadlines=moves,
    )  # fmt: skip
