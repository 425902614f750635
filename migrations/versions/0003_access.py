"""Access: who has a relation to an episode, row-level security, the access log, break-glass, objections, merges."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ONLY_ADDED_TO = ("access_log", "access_seals")

# ---- who sees what ----
# What the transaction of a person at work carries (seeing.sight). Each stands in a subquery of its own, so that it is
# read once a statement and not once a row; where nothing is set it is null, and null sees nothing.
UNITS = "(select nullif(current_setting('overgang.units', true), '')::bigint[])::bigint[]"
OPENED = "(select nullif(current_setting('overgang.opened', true), '')::bigint[])::bigint[]"
AUDITS = "(select nullif(current_setting('overgang.audits', true), '')::bigint[])::bigint[]"
PERSON = "(select nullif(current_setting('overgang.person', true), '')::bigint)"
MUNICIPALITY = "(select nullif(current_setting('overgang.municipality', true), '')::bigint)"
TYPED = "(select decode(nullif(current_setting('overgang.typed', true), ''), 'hex'))"

RELATED = f"related && {UNITS}"
OWN_CITIZEN = "exists (select from episodes e where e.citizen_id = {}.{})"
CITIZEN = (
    f"cpr_fingerprint = {TYPED} or {OWN_CITIZEN.format('citizens', 'id')} or exists (select from municipal_services s"
    f" where s.citizen_id = citizens.id and s.municipality_id = {MUNICIPALITY})"
)
OF_CITIZEN = "exists (select from citizens c where c.id = {}.citizen_id)"


def _of(parent: str, table: str, key: str) -> str:
    """Whoever sees the row that this one hangs on sees this one."""
    return f"exists (select from {parent} p where p.id = {table}.{key})"


HANGING = {
    "history": ("episodes", "episode_id"),
    "handovers": ("episodes", "episode_id"),
    "handover_versions": ("handovers", "handover_id"),
    "tasks": ("episodes", "episode_id"),
    "contact_attempts": ("tasks", "task_id"),
    "deadlines": ("episodes", "episode_id"),
    "reminders": ("deadlines", "deadline_id"),
    "misses": ("episodes", "episode_id"),
    "miss_verdicts": ("misses", "miss_id"),
    "outbox": ("episodes", "episode_id"),
    "place_requests": ("episodes", "episode_id"),
}
PLACE_STAY = (
    f"{_of('episodes', 'place_stays', 'episode_id')}"
    f" or exists (select from places p where p.id = place_stays.place_id and p.unit_id = any ({UNITS}))"
)
# table: (who sees a row, who may add one, who may change one); None: nobody but the background.
PEOPLE: dict[str, tuple[str | None, str | None, str | None]] = {
    "episodes": (f"{RELATED} or citizen_id = any ({OPENED})", RELATED, RELATED),
    "citizens": (CITIZEN, f"cpr_fingerprint = {TYPED}", CITIZEN),
    "municipal_services": (
        f"municipality_id = {MUNICIPALITY} or {OWN_CITIZEN.format('municipal_services', 'citizen_id')}",
        f"municipality_id = {MUNICIPALITY}",
        f"municipality_id = {MUNICIPALITY} or {OWN_CITIZEN.format('municipal_services', 'citizen_id')}",
    ),
    **{table: (_of(parent, table, key),) * 3 for table, (parent, key) in HANGING.items()},
    "place_stays": (PLACE_STAY, PLACE_STAY, PLACE_STAY),
    "inbox": (f"unit_id = any ({UNITS})", None, f"unit_id = any ({UNITS})"),
    "deliveries": (None, None, None),
    "access_log": (f"unit_id = any ({AUDITS})", f"person_id is not distinct from {PERSON}", None),
    "access_seals": (None, None, None),
    "access_mark": (None, None, None),
    "looks_to_confirm": (f"unit_id = any ({AUDITS})", None, f"unit_id = any ({AUDITS})"),
    "break_glass": (
        f"person_id = {PERSON} or review_unit_ids && {AUDITS}",
        f"person_id = {PERSON}",
        f"review_unit_ids && {AUDITS} or (person_id = {PERSON} and reviewed_at is null)",
    ),
    "objections": (OF_CITIZEN.format("objections"),) * 3,
    "merges": tuple(  # type: ignore[dict-item]
        "exists (select from citizens c where c.id = merges.into_id)" for _ in range(3)
    ),
}
# What the receiving of messages has no business with.
NOT_FOR_MESSAGES = {"inbox", "deliveries", "access_seals", "access_mark", "looks_to_confirm", "break_glass", "merges"}

# Of the rows that there are. What keeps it so is seeing.relations.
BACKFILL = """
update episodes e set related = array(
    select distinct unit_id from (
        select unnest(array[e.ward_id, e.facility_id, e.district_id, e.practice_id, e.owner_unit_id,
                            e.responsible_unit_id])
        union all
        select responsible_unit_id from history where episode_id = e.id and number = 1
        union all
        select unnest(array[from_unit_id, to_unit_id]) from handovers
        where episode_id = e.id and (state <> 'withdrawn' or first_sent_at is not null)
        union all
        select unnest(array[unit_id, counterpart_unit_id]) from tasks
        where episode_id = e.id and (state <> 'withdrawn' or attempts > 0)
        union all
        select p.unit_id from place_stays s join places p on p.id = s.place_id
        where s.episode_id = e.id and s.state <> 'released'
        union all
        select unit_id from place_requests where episode_id = e.id and ended_at is null
        union all
        select owing_unit_id from misses where episode_id = e.id
        union all
        select unit_id from history where episode_id = e.id and kind <> 'agreement'
    ) units (unit_id)
    where unit_id is not null order by unit_id
)
"""

# Two questions that must be answered about what the asker may not see: is the place taken, and how many episodes has
# this citizen? They answer with numbers, and nothing else.
PLACES_IN_USE = """
create function places_in_use(unit bigint, at timestamptz) returns setof bigint
language sql stable security definer set search_path = pg_catalog, public
begin atomic
    select s.place_id from public.place_stays s join public.places p on p.id = s.place_id
    where p.unit_id = unit and s.state <> 'released' and (upper_inf(s.during) or upper(s.during) > at);
end
"""
EPISODES_OF = """
create function episodes_of(citizen bigint, out all_of_them bigint, out open_ones bigint)
language sql stable security definer set search_path = pg_catalog, public
begin atomic
    select count(*), count(*) filter (where closed_at is null) from public.episodes where citizen_id = citizen;
end
"""
# Three months ahead, and gone when their last day is `keep` past. It goes by the server's clock alone, and refuses to
# forget what is younger than half a year, whoever asks. A month whose rows lie in the net already stays there.
KEEP_ACCESS_LOG = """
create function keep_access_log(keep interval) returns integer
language plpgsql security definer
set search_path = pg_catalog, public set timezone = 'UTC' set lock_timeout = '2s' as $$
declare
    begins timestamptz;
    name text;
    changed integer := 0;
    caught boolean;
begin
    if keep < interval '6 months' then
        raise exception 'the access log is kept for half a year at least';
    end if;
    for begins in select generate_series(date_trunc('month', now()), now() + interval '2 months', '1 month') loop
        name := 'of_' || to_char(begins, 'YYYY_MM');
        select exists (select from access_log_months.net where at >= begins and at < begins + interval '1 month')
        into caught;
        if to_regclass('access_log_months.' || name) is null and not caught then
            execute format('create table access_log_months.%I (like public.access_log including defaults)', name);
            execute format('alter table public.access_log attach partition access_log_months.%I '
                'for values from (%L) to (%L)', name, begins, begins + interval '1 month');
            changed := changed + 1;
        end if;
    end loop;
    for name in
        select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'access_log_months' and c.relname ~ '^of_[0-9]{4}_[0-9]{2}$' and c.relkind = 'r'
          and to_date(c.relname, '"of_"YYYY_MM') + interval '1 month 1 day' < now() - keep
    loop
        execute format('drop table access_log_months.%I', name);
        changed := changed + 1;
    end loop;
    return changed;
end $$
"""


def upgrade() -> None:
    roles = op.get_bind().scalar(
        sa.text("select count(*) from pg_roles where rolname in ('overgang_sweeps', 'overgang_messages')")
    )
    if roles != 2:
        raise RuntimeError("The roles overgang_sweeps and overgang_messages are missing: run ops/roles.sql first.")
    op.add_column("episodes", sa.Column("related", postgresql.ARRAY(sa.BigInteger()), nullable=True))
    op.execute(BACKFILL)
    op.alter_column("episodes", "related", nullable=False)
    op.create_index(
        "ix_episodes_related", "episodes", ["related"], postgresql_using="gin", postgresql_where="closed_at is null"
    )
    _create_tables()
    op.execute("create schema access_log_months")
    op.execute("create table access_log_months.net partition of access_log default")
    for table in ONLY_ADDED_TO:
        op.execute(f"""
            create trigger only_added_to before update or delete on {table}
            for each row execute function refuse_change()
        """)
    for function in (PLACES_IN_USE, EPISODES_OF, KEEP_ACCESS_LOG):
        op.execute(function)
    op.execute("revoke all on function keep_access_log from public")
    op.execute("grant execute on function keep_access_log to overgang_sweeps")
    op.execute("select keep_access_log(interval '5 years')")
    for table, (sees, adds, changes) in PEOPLE.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy sweeps on {table} to overgang_sweeps using (true) with check (true)")
        if table not in NOT_FOR_MESSAGES:
            op.execute(f"create policy messages on {table} to overgang_messages using (true) with check (true)")
        if sees is not None:
            op.execute(f"create policy people_see on {table} for select using ({sees})")
        if adds is not None:
            op.execute(f"create policy people_add on {table} for insert with check ({adds})")
        if changes is not None:
            op.execute(f"create policy people_change on {table} for update using ({changes})")


def _create_tables() -> None:
    op.create_table(
        "access_log",
        sa.Column("tx", sa.BigInteger(), server_default=sa.text("pg_current_xact_id()::text::bigint"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.VARCHAR(),
            nullable=False,
        ),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("citizens", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("episodes", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("related", sa.Boolean(), nullable=True),
        sa.Column("criterion", sa.LargeBinary(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("pk_access_log")),
        postgresql_partition_by="range (at)",
    )
    op.create_index("ix_access_log_citizens", "access_log", ["citizens"], unique=False, postgresql_using="gin")
    op.create_index("ix_access_log_person_id", "access_log", ["person_id", "at"], unique=False)
    op.create_index("ix_access_log_unit_id", "access_log", ["unit_id", "at"], unique=False)
    op.create_table(
        "access_seals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("row_hashes", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_seals")),
    )
    op.create_table(
        "access_mark",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("tx", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_access_mark_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_access_mark")),
    )
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "looks_to_confirm",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("why", sa.VARCHAR(), nullable=False),
        sa.Column("week_on", sa.Date(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("citizens", sa.Integer(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("in_order", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(reviewed_at is null) = (in_order is null)", name=op.f("ck_looks_to_confirm_review_says_how")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_looks_to_confirm_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks_to_confirm")),
        sa.UniqueConstraint("entry_id", "why", name=op.f("uq_looks_to_confirm_entry_id_why")),
        sa.UniqueConstraint("uuid", name=op.f("uq_looks_to_confirm_uuid")),
    )
    op.create_index(
        "ix_looks_to_confirm_unit_id",
        "looks_to_confirm",
        ["unit_id"],
        unique=False,
        postgresql_where="reviewed_at is null",
    )
    op.create_index(
        "ix_looks_to_confirm_week_on",
        "looks_to_confirm",
        ["week_on", "unit_id"],
        unique=False,
        postgresql_where="why = 'sample'",
    )
    op.create_table(
        "break_glass",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("citizen_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_unit_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("in_order", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("(reviewed_at is null) = (in_order is null)", name=op.f("ck_break_glass_review_says_how")),
        sa.CheckConstraint("ends_at > opened_at", name=op.f("ck_break_glass_ends_after_it_opened")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_break_glass_citizen_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_break_glass_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_break_glass_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass")),
        sa.UniqueConstraint("uuid", name=op.f("uq_break_glass_uuid")),
    )
    op.create_index("ix_break_glass_person_id", "break_glass", ["person_id", "ends_at"], unique=False)
    op.create_index(
        "ix_break_glass_unreviewed", "break_glass", ["opened_at"], unique=False, postgresql_where="reviewed_at is null"
    )
    op.create_table(
        "objections",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("citizen_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_by is null)", name=op.f("ck_objections_withdrawn_by_somebody")
        ),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_objections_citizen_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sa.UniqueConstraint("uuid", name=op.f("uq_objections_uuid")),
    )
    op.create_index(
        "uq_objections_standing", "objections", ["citizen_id"], unique=True, postgresql_where="withdrawn_at is null"
    )
    op.create_table(
        "merges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=False),
        sa.Column("episode_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("service_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("objection_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("cancelled_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.CheckConstraint("from_id <> into_id", name=op.f("ck_merges_two_citizens")),
        sa.ForeignKeyConstraint(["cancelled_id"], ["episodes.id"], name=op.f("fk_merges_cancelled_id")),
        sa.ForeignKeyConstraint(["from_id"], ["citizens.id"], name=op.f("fk_merges_from_id")),
        sa.ForeignKeyConstraint(["into_id"], ["citizens.id"], name=op.f("fk_merges_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
        sa.UniqueConstraint("uuid", name=op.f("uq_merges_uuid")),
    )
    op.create_index("ix_merges_into_id", "merges", ["into_id"], unique=False)
    op.create_index("uq_merges_standing", "merges", ["from_id"], unique=True, postgresql_where="undone_at is null")


def downgrade() -> None:
    for table in PEOPLE:
        for policy in ("people_see", "people_add", "people_change", "sweeps", "messages"):
            op.execute(f"drop policy if exists {policy} on {table}")
        op.execute(f"alter table {table} disable row level security")
    op.execute("drop function keep_access_log, episodes_of, places_in_use")
    for table in (
        "merges",
        "objections",
        "break_glass",
        "looks_to_confirm",
        "access_mark",
        "access_seals",
        "access_log",
    ):
        op.drop_table(table)
    op.execute("drop schema access_log_months")
    op.drop_index("ix_episodes_related", table_name="episodes", postgresql_where="closed_at is null")
    op.drop_column("episodes", "related")
