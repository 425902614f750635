"""The board: what it reads by, what people keep of it, and finding a citizen by name or telephone."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNITS = "(select nullif(current_setting('overgang.units', true), '')::bigint[])::bigint[]"
OPENED = "(select nullif(current_setting('overgang.opened', true), '')::bigint[])::bigint[]"
PERSON = "(select nullif(current_setting('overgang.person', true), '')::bigint)"

# As they are typed: without case, aa for å and the neighbours' letters; what joins two words parts them.
WORDS_OF = """
create function words_of(name text) returns tsvector language sql immutable strict parallel safe
set search_path = pg_catalog
return to_tsvector('simple', translate(replace(lower(name), 'aa', 'å'),
    'äöéèëêüáàóôíñç.''’/@_-',
    'æøeeeeuaaooinc       '))
"""
DIGITS_OF = r"""
create function digits_of(phone text) returns text language sql immutable strict parallel safe
set search_path = pg_catalog
return right(regexp_replace(phone, '\D', '', 'g'), 8)
"""
# Matching words is not leakproof, so that row-level security would have every citizen looked at before an index may be
# used. This looks by the index, and answers with those that the asker has a relation to (seeing.sight sets it).
CITIZENS_FOUND = f"""
create function citizens_found(words tsquery, digits text, most integer) returns setof bigint
language sql stable security definer set search_path = pg_catalog, public
begin atomic
    select c.id from public.citizens c
    where (public.words_of(c.name) @@ words or public.digits_of(c.phone) = digits)
      and exists (select from public.episodes e
                  where e.citizen_id = c.id and (e.related && {UNITS} or e.citizen_id = any ({OPENED})))
    limit most;
end
"""

# Both sides of a running deadline have a relation to its episode (seeing.relations), so that the units are asked
# first, and the episode only where neither is the asker's: a list reads one table less.
OF_UNIT = f"unit_id = any ({UNITS}) or other_unit_id = any ({UNITS})"
OF_EPISODE = "exists (select from episodes p where p.id = deadlines.episode_id offset 0)"

RUNS, NOT_STATE = "ended_at is null", "ended_at is null and concerns <> 'state'"
IN_HOSPITAL = "state in ('acute', 'admitted', 'admitted_at_home', 'on_leave', 'ready_for_discharge')"
INDEXES = (
    ("ix_deadlines_unit_id", "deadlines", ["unit_id", "due_at", "id"], RUNS),
    ("ix_deadlines_other_unit_id", "deadlines", ["other_unit_id", "due_at", "id"], RUNS),
    ("ix_deadlines_unit_id_concerns", "deadlines", ["unit_id", "concerns", "due_at", "id"], NOT_STATE),
    ("ix_deadlines_other_unit_id_concerns", "deadlines", ["other_unit_id", "concerns", "due_at", "id"], NOT_STATE),
    ("ix_tasks_done_at", "tasks", ["unit_id", "done_at", "id"], "done_at is not null"),
    ("ix_handovers_accepted", "handovers", ["to_unit_id", "answered_at", "id"], "state = 'accepted'"),
    (
        "ix_episodes_leaving", "episodes", ["ward_id", "expected_discharge_at"],
        f"closed_at is null and expected_discharge_at is not null and {IN_HOSPITAL}",
    ),
    (
        "ix_episodes_arriving", "episodes", ["facility_id", "expected_discharge_at"],
        "closed_at is null and facility_id is not null and state <> 'at_home' and state <> 'at_tryghedshotel'",
    ),
)  # fmt: skip


def upgrade() -> None:
    op.drop_index("ix_deadlines_unit_id", table_name="deadlines")
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(where))
    for function in (WORDS_OF, DIGITS_OF, CITIZENS_FOUND):
        op.execute(function)
    op.execute("create index ix_citizens_words on citizens using gin (words_of(name))")
    op.execute("create index ix_citizens_phone on citizens (digits_of(phone)) where phone is not null")
    op.execute(f"alter policy people_see on deadlines using ({OF_UNIT} or {OF_EPISODE})")
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_saved_views_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("uuid", name=op.f("uq_saved_views_uuid")),
    )
    op.create_index(
        "uq_saved_views_kept", "saved_views", ["person_id", "name"], unique=True, postgresql_where="removed_at is null"
    )
    op.execute("alter table saved_views enable row level security")
    op.execute("create policy sweeps on saved_views to overgang_sweeps using (true) with check (true)")
    op.execute(f"create policy people on saved_views using (person_id = {PERSON}) with check (person_id = {PERSON})")


def downgrade() -> None:
    op.drop_table("saved_views")
    op.execute(f"alter policy people_see on deadlines using ({OF_EPISODE})")
    op.drop_index("ix_citizens_phone", table_name="citizens")
    op.drop_index("ix_citizens_words", table_name="citizens")
    op.execute("drop function citizens_found, digits_of, words_of")
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table_name=table)
    op.create_index("ix_deadlines_unit_id", "deadlines", ["unit_id", "due_at"], postgresql_where=sa.text(RUNS))
