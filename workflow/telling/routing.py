"""From the outbox to those who must know: the unit's list at once, people's mail and phones when they may sound."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from workflow import calendar
from workflow.telling.channels.channel import Channel

_ROUTE = text("""
with batch as materialized (
    select id, unit_id, audience, person_id, kind from outbox
    where routed_at is null
    order by id
    limit :batch
    for no key update skip locked
), listed as (
    insert into inbox (notice_id, unit_id, received_at)
    select id, unit_id, :at from batch
    on conflict do nothing
), channel as materialized (
    select * from unnest(cast(:names as text[]), cast(:reach as text[])) as c (name, reaches)
), told as (
    select batch.id, case when batch.kind = any(p.mail_about) then p.email end as email,
           case when batch.kind = any(p.sms_about) then p.mobile end as mobile
    from batch join people p on p.id = batch.person_id
    where p.active
    union
    select batch.id, p.email, null
    from batch
    join person_roles r on r.unit_id = batch.unit_id and r.role = 'manager' and r.state = 'in_force'
    join people p on p.id = r.person_id
    where batch.audience = 'managers' and p.active and batch.kind = any(p.mail_about)
), to_people as materialized (
    select told.id, channel.name, case channel.reaches when 'email' then told.email else told.mobile end as address
    from told cross join channel
    where case channel.reaches when 'email' then told.email else told.mobile end <> ''
), to_units as (
    select batch.id, channel.name, u.email as address
    from batch
    join units u on u.id = batch.unit_id
    join channel on channel.reaches = 'email'
    where u.email <> '' and batch.id not in (select id from to_people)
), under_way as (
    insert into deliveries (notice_id, channel, address, attempts, next_try_at)
    select id, name, address, 0, :personal_at from to_people
    union all
    select id, name, address, 0, :real_at from to_units
    on conflict do nothing
)
update outbox set routed_at = :at from batch where outbox.id = batch.id
""")


def route(session: Session, *, at: datetime, real_at: datetime, channels: Sequence[Channel], batch: int = 5_000) -> int:
    """Route up to `batch` notices, oldest first, in one statement; returns how many. Each once, whatever else runs.

    Always to the unit's inbox. Besides, through the channels there are, to who took the task or to the unit's managers,
    as the notice says and they want it; where that reaches nobody, to the unit's mailbox. People are left in peace in
    quiet hours (decisions D5): read from `at`, which pages and sweeps go by, and waited for in real time, which is the
    wire's.
    """
    quiet = calendar.outside_quiet_hours(at) - at
    result = session.execute(
        _ROUTE,
        {
            "at": at,
            "real_at": real_at,
            "personal_at": real_at + quiet,
            "batch": batch,
            "names": [channel.name for channel in channels],
            "reach": [channel.reaches.value for channel in channels],
        },
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
