"""Systems and their tokens; calendar addresses; what a program was answered, for a day; lists by unit at any size."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Whoever acts by a token finds what it was answered, and nobody else does (seeing.sight sets who it is).
PERSON = "(select nullif(current_setting('overgang.person', true), '')::bigint)"
OWN = f"exists (select from tokens t where t.id = answers.token_id and t.person_id = {PERSON})"
# The application's roles delete nothing; this forgets what the server's clock says is a day old, whoever asks.
FORGET_ANSWERS = """
create function forget_answers() returns integer
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    forgotten integer;
begin
    delete from public.answers where at < now() - interval '24 hours';
    get diagnostics forgotten = row_count;
    return forgotten;
end $$
"""
# What is listed by unit and time, a page at a time. The planner counts on reading every row of a unit, whatever the
# limit, and would hash every episode that is seen for it; with `offset 0` it cannot, and looks up a page's episodes.
LISTED = ("tasks", "deadlines", "handovers", "misses")
SEES = "exists (select from episodes p where p.id = {}.episode_id{})"


def upgrade() -> None:
    op.add_column("people", sa.Column("is_system", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint("cardinality(scopes) > 0", name=op.f("ck_tokens_may_do_something")),
        sa.CheckConstraint("(revoked_at is null) = (revoked_by is null)", name=op.f("ck_tokens_revoked_by_somebody")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tokens_person_id")),
        sa.ForeignKeyConstraint(["role_id"], ["person_roles.id"], name=op.f("fk_tokens_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_tokens_uuid")),
    )
    op.create_index("ix_tokens_person_id", "tokens", ["person_id"])
    op.create_table(
        "answers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("token_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asked", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_answers_token_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint("token_id", "key", name=op.f("uq_answers_token_id_key")),
    )
    op.create_index("ix_answers_at", "answers", ["at"])
    op.execute("alter table answers enable row level security")
    op.execute("create policy sweeps on answers to overgang_sweeps using (true) with check (true)")
    op.execute(f"create policy people_see on answers for select using ({OWN})")
    op.execute(f"create policy people_add on answers for insert with check ({OWN})")
    for table in LISTED:
        op.execute(f"alter policy people_see on {table} using ({SEES.format(table, ' offset 0')})")
    op.execute(FORGET_ANSWERS)
    op.execute("revoke all on function forget_answers from public")
    op.execute("grant execute on function forget_answers to overgang_sweeps")


def downgrade() -> None:
    op.execute("drop function forget_answers")
    for table in LISTED:
        op.execute(f"alter policy people_see on {table} using ({SEES.format(table, '')})")
    op.drop_table("answers")
    op.drop_table("tokens")
    op.drop_column("people", "is_system")
