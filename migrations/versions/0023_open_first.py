"""A search by name finds whom has an open episode first: of many with the same name, those were cut away."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

UNITS = "(select nullif(current_setting('overgang.units', true), '')::bigint[])::bigint[]"
OPENED = "(select nullif(current_setting('overgang.opened', true), '')::bigint[])::bigint[]"
NAMED = "(public.words_of(c.name) @@ words or public.digits_of(c.phone) = digits)"
SEEN = f"(e.related && {UNITS} or e.citizen_id = any ({OPENED}))"
FUNCTION = """
create or replace function citizens_found(words tsquery, digits text, most integer) returns setof bigint
language sql stable security definer set search_path = pg_catalog, public
begin atomic
    {body}
end
"""
AS_THEY_COME = f"""
    select c.id from public.citizens c
    where {NAMED} and exists (select from public.episodes e where e.citizen_id = c.id and {SEEN})
    limit most;
"""
# Each part stops at `most`, and the first begins at the open episodes: they are few, whatever there is.
OPEN_FIRST = f"""
    select found.id from (
        (select distinct c.id, 0 as place from public.episodes e join public.citizens c on c.id = e.citizen_id
         where e.closed_at is null and {SEEN} and {NAMED} limit most)
        union all
        (select c.id, 1 from public.citizens c
         where {NAMED} and exists (select from public.episodes e where e.citizen_id = c.id and {SEEN}) limit most)
    ) found
    group by found.id order by min(found.place), found.id limit most;
"""


def upgrade() -> None:
    op.execute(FUNCTION.format(body=OPEN_FIRST))


def downgrade() -> None:
    op.execute(FUNCTION.format(body=AS_THEY_COME))
