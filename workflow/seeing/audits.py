"""What the access log is read for: by citizen, by employee, and what managers must confirm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, select, text
from sqlalchemy.orm import Session

from workflow import calendar, cpr
from workflow.errors import Invalid, NotAllowed, NotFound, NotPossible
from workflow.seeing.sight import Sight
from workflow.sentences import word
from workflow.spreadsheet import as_csv
from workflow.tables import AccessEntry, LookToConfirm, Unit
from workflow.vocabulary import Language

PAGE = 200
SAMPLE = 5  # looks of a unit and week
UNUSUAL_TIMES, UNUSUAL_LEAST = 4, 20  # citizens a day: times what is usual for who looked, and at least
COMMON_NAME = 20  # a surname that this many citizens bear says nothing


@dataclass(frozen=True, kw_only=True)
class Span:
    """From when (included) until when (not included)."""

    since: datetime
    until: datetime


def of_citizen(
    session: Session, seen: Sight, citizen_id: int, span: Span, *, before_id: int | None = None
) -> Sequence[AccessEntry]:
    """Who looked at a citizen, newest first, a PAGE at a time: `before_id` is the last of the page before."""
    return _newest(session, seen, AccessEntry.citizens.contains([citizen_id]), span, before_id)


def of_person(
    session: Session, seen: Sight, person_id: int, span: Span, *, before_id: int | None = None
) -> Sequence[AccessEntry]:
    """What an employee looked at, newest first, a PAGE at a time."""
    return _newest(session, seen, AccessEntry.person_id == person_id, span, before_id)


def _newest(
    session: Session, seen: Sight, which: ColumnElement[bool], span: Span, before_id: int | None
) -> Sequence[AccessEntry]:
    looked = select(AccessEntry).where(which, *_answered_for(seen, span))
    if before_id is not None:
        looked = looked.where(AccessEntry.id < before_id)
    return session.scalars(looked.order_by(AccessEntry.id.desc()).limit(PAGE)).all()


def _answered_for(seen: Sight, span: Span) -> tuple[ColumnElement[bool], ...]:
    return AccessEntry.unit_id.in_(sorted(seen.audits)), AccessEntry.at >= span.since, AccessEntry.at < span.until


def extract(session: Session, seen: Sight, citizen_id: int, span: Span, *, language: Language) -> str:
    """What the log has on one citizen, as CSV to hand to them: when, who, unit, how, what for. Oldest first."""
    columns = [word(f"log:{column}", language) for column in ("at", "person", "unit", "kind", "purpose")]
    rows = session.execute(
        select(AccessEntry.at, AccessEntry.person, Unit.name, AccessEntry.kind, AccessEntry.purpose)
        .outerjoin(Unit, Unit.id == AccessEntry.unit_id)
        .where(AccessEntry.citizens.contains([citizen_id]), *_answered_for(seen, span))
        .order_by(AccessEntry.id)
    )
    looks = ((at, person, unit, word(f"look:{kind}", language), what_for) for at, person, unit, kind, what_for in rows)
    return as_csv(columns, looks)


# ---- what must be confirmed ----

_HITS = text(r"""
with looks as materialized (
    select id, at, kind, person_id, person, unit_id, citizens, episodes, related,
           (at at time zone 'Europe/Copenhagen')::date as day
    from access_log
    where at >= cast(:since as timestamptz) - interval '28 days' and at < :until
      and person_id is not null and unit_id is not null
), days as (
    select person_id, day, count(distinct citizen_id) as citizens, max(looks.id) as last_id
    from looks cross join lateral unnest(citizens) looked (citizen_id)
    where kind <> 'list'
    group by person_id, day
), surnames as materialized (
    select lower(substring(name from '\S+$')) as surname from citizens
    group by 1 having count(*) < :common
), found as (
    select 'no_relation' as why, id, cardinality(citizens) as citizens from looks where at >= :since and not related
    union all
    select distinct 'same_surname', l.id, cardinality(l.citizens)
    from looks l
    join surnames s on s.surname = lower(substring(l.person from '\S+$'))
    cross join lateral unnest(l.citizens) looked (citizen_id)
    join citizens c on c.id = looked.citizen_id and lower(substring(c.name from '\S+$')) = s.surname
    where l.at >= :since and l.kind <> 'list'
    union all
    select 'unusual_volume', d.last_id, d.citizens
    from days d
    cross join lateral (
        select percentile_cont(0.5) within group (order by citizens) as median
        from days e where e.person_id = d.person_id and e.day < d.day and e.day >= d.day - 28
    ) usual
    where d.citizens >= :least and d.citizens >= :times * coalesce(usual.median, 0)
    union all
    select 'opened_unknown', l.id, cardinality(l.citizens)
    from looks l join episodes e on e.id = any(l.episodes)
    where l.at >= :since and l.kind = 'opened'
      and not exists (select from messages m where m.about_id = e.id and m.kind = 'hospital-notification-message')
      and not exists (
          select from episodes before
          where before.citizen_id = e.citizen_id and before.id < e.id
            and before.related && array_remove(array[l.unit_id, e.ward_id], null)
      )
)
insert into looks_to_confirm (why, week_on, entry_id, unit_id, citizens)
select why, date_trunc('week', day)::date, id, unit_id, found.citizens
from found join looks using (id)
where at >= :since
on conflict do nothing
""")


def find(session: Session, span: Span) -> int:
    """Write down what the rules find among the looks of `span` (practice.md 2.9 [src 62, 63]); returns how many.

    A look without a relation; a citizen with the surname of who looked; far more citizens in a day than is usual for
    that person in the 28 days before; an episode that was opened, which gives sight, for somebody of whom the unit had
    none before and no hospital has told. Lists do not count: nobody chooses who is on them. A hit is a question to
    ask, no more. Asking again finds nothing twice. Reads every citizen's name, so it is for the background.
    """
    found = session.execute(
        _HITS,
        {
            "since": span.since, "until": span.until, "common": COMMON_NAME, "least": UNUSUAL_LEAST,
            "times": UNUSUAL_TIMES,
        },
    )  # fmt: skip
    assert isinstance(found, CursorResult)
    return found.rowcount


_SAMPLE = text("""
insert into looks_to_confirm (why, week_on, entry_id, unit_id, citizens)
select 'sample', :week_on, id, unit_id, citizens from (
    select l.id, l.unit_id, cardinality(l.citizens) as citizens,
           row_number() over (partition by l.unit_id order by random()) as place
    from access_log l join units u on u.id = l.unit_id join people p on p.id = l.person_id and not p.is_system
    where l.at >= :since and l.at < :until and l.kind <> 'list' and l.citizens <> '{}'
      and not exists (
          select from looks_to_confirm s where s.why = 'sample' and s.week_on = :week_on and s.unit_id = l.unit_id
      )
) drawn
where place <= :sample
on conflict do nothing
""")


def draw_sample(session: Session, *, at: datetime) -> int:
    """Draw SAMPLE looks at random of each unit's last whole week, once a week; returns how many.

    Those of people: nobody can say for whom a system looked, and it looks so often that no one else would be drawn.
    """
    today = calendar.local(at).date()
    week_on = today - timedelta(days=today.weekday() + 7)
    drawn = session.execute(
        _SAMPLE,
        {"week_on": week_on, "since": _midnight(week_on), "until": _midnight(week_on + timedelta(7)), "sample": SAMPLE},
    )
    assert isinstance(drawn, CursorResult)
    return drawn.rowcount


def _midnight(day: date) -> datetime:
    return calendar.at_clock(day, datetime.min.time())


def to_confirm(session: Session, seen: Sight) -> list[tuple[LookToConfirm, AccessEntry]]:
    """What the rules found and what was drawn, and nobody has confirmed yet, oldest first, a PAGE at most."""
    found = (
        select(LookToConfirm, AccessEntry)
        .join(AccessEntry, AccessEntry.id == LookToConfirm.entry_id)
        .where(LookToConfirm.reviewed_at.is_(None), LookToConfirm.unit_id.in_(sorted(seen.audits)))
    )
    return [(one, entry) for one, entry in session.execute(found.order_by(LookToConfirm.id).limit(PAGE))]


def confirm(session: Session, look_id: UUID, seen: Sight, *, in_order: bool, note: str, at: datetime) -> LookToConfirm:
    """A manager says whether a look was in order. Nobody confirms their own.

    Raises NotFound, NotAllowed, NotPossible (confirmed already), Invalid (not in order, and no note).
    """
    drawn = session.scalar(
        select(LookToConfirm)
        .where(LookToConfirm.uuid == look_id, LookToConfirm.unit_id.in_(sorted(seen.audits)))
        .with_for_update()
    )
    if drawn is None:
        raise NotFound("nothing_to_review_here")
    looked = session.scalar(select(AccessEntry.person_id).where(AccessEntry.id == drawn.entry_id))
    if looked == seen.actor.person_id:
        raise NotAllowed("second_person_needed")
    if drawn.reviewed_at is not None:
        raise NotPossible("reviewed_already", by=drawn.reviewed_by, at=drawn.reviewed_at)
    if not in_order and not note.strip():
        raise Invalid("reason_needed")
    cpr.require_none(note)
    drawn.reviewed_at, drawn.reviewed_by, drawn.in_order, drawn.note = at, seen.actor.name, in_order, note.strip()
    return drawn
