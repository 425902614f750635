"""What was said about a citizen is seen with the episode it belongs to; and a unit of an episode is of its kind."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UNITS = "(select nullif(current_setting('overgang.units', true), '')::bigint[])::bigint[]"
BELONGING = {"messages": "about_id", "threads": "episode_id", "objections": "episode_id"}
# The episode that had begun when it came, the newest of them; of what came before any, the first.
BELONGS = """
    (select e.id from episodes e join history h on h.episode_id = e.id and h.number = 1
     where e.citizen_id = {table}.citizen_id
     order by h.recorded_at > {at}, abs(extract(epoch from {at} - h.recorded_at)) limit 1)
"""
BACKFILL = {
    "messages": f"coalesce(messages.episode_id, {BELONGS.format(table='messages', at='messages.received_at')})",
    "threads": "coalesce((select t.episode_id from tasks t where t.id = threads.task_id), "
    f"{BELONGS.format(table='threads', at='threads.heard_at')})",
    "objections": BELONGS.format(table="objections", at="objections.registered_at"),
}
SEEN = "exists (select from episodes e where e.id = {})"
OURS = f"unit_id = any ({UNITS}) or {{}}"
NOW = {
    "messages": f"{SEEN.format('messages.about_id')} or {SEEN.format('messages.episode_id')}",
    "threads": OURS.format(SEEN.format("threads.episode_id")),
    "outbound_messages": OURS.format(SEEN.format("outbound_messages.episode_id")),
    "objections": SEEN.format("objections.episode_id"),
}
OF_CITIZEN = "exists (select from episodes e where e.citizen_id = {}.citizen_id)"
BEFORE = {
    "messages": OF_CITIZEN.format("messages"),
    "threads": OURS.format(OF_CITIZEN.format("threads")),
    "outbound_messages": OURS.format(OF_CITIZEN.format("outbound_messages")),
    "objections": "exists (select from citizens c where c.id = objections.citizen_id)",
}
CHANGES = {"threads", "objections"}
ADDS = CHANGES | {"outbound_messages"}
# It stops what is sent also where nobody who sends may read it: which one stands, and not a word of it.
OBJECTION_OF = """
create function objection_of(citizen bigint) returns uuid
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
    select uuid from public.objections where citizen_id = citizen and withdrawn_at is null;
end
"""
FITTING = """
create function require_fitting_units() returns trigger language plpgsql as $$
begin
    if exists (
        select from (values (new.ward_id, 'ward'), (new.facility_id, 'facility'), (new.district_id, 'district'),
                            (new.practice_id, 'practice')) as named (unit_id, kind)
        join public.units u on u.id = named.unit_id where u.kind <> named.kind
    ) then
        raise exception 'a unit of an episode is not of its kind' using errcode = 'check_violation';
    end if;
    return new;
end $$
"""


def _policies(conditions: dict[str, str]) -> None:
    for table, sees in conditions.items():
        op.execute(f"alter policy people_see on {table} using ({sees})")
        if table in ADDS:
            op.execute(f"alter policy people_add on {table} with check ({sees})")
        if table in CHANGES:
            op.execute(f"alter policy people_change on {table} using ({sees})")


def upgrade() -> None:
    for table, column in BELONGING.items():
        key = op.f(f"fk_{table}_{column}")
        op.add_column(table, sa.Column(column, sa.BigInteger(), sa.ForeignKey("episodes.id", name=key), nullable=True))
        op.execute(f"update {table} set {column} = {BACKFILL[table]} where citizen_id is not null")
    op.execute(OBJECTION_OF)
    _policies(NOW)
    op.execute(FITTING)
    op.execute("""
        create trigger fitting_units before insert or update of ward_id, facility_id, district_id, practice_id
        on episodes for each row execute function require_fitting_units()
    """)


def downgrade() -> None:
    op.execute("drop trigger fitting_units on episodes")
    op.execute("drop function require_fitting_units")
    _policies(BEFORE)
    op.execute("drop function objection_of")
    for table, column in BELONGING.items():
        op.drop_column(table, column)
