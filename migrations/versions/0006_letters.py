"""Letters: sent against an objection on a legal basis; and what was sent about a citizen goes where a merge says."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOVED = ("message_ids", "thread_ids", "letter_ids")

# What hospitals and wards have sent about a citizen is not all for whoever merges to see, and goes along all the same.
# What was moved is remembered with the merge, and goes back when it is undone. A conversation that both citizens have
# stays where it is: it is the same one.
MOVE_MESSAGES = """
create function move_messages(merge bigint) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    this public.merges;
    owner bigint;
begin
    select * into strict this from public.merges where id = merge for update;
    if this.undone_at is null then
        this.message_ids := array(select id from public.messages where citizen_id = this.from_id order by id);
        this.letter_ids := array(select id from public.outbound_messages where citizen_id = this.from_id order by id);
        this.thread_ids := array(
            select t.id from public.threads t
            where t.citizen_id = this.from_id and not exists (
                select from public.threads same
                where same.citizen_id = this.into_id and same.identifier = t.identifier
            )
            order by t.id
        );
        update public.merges
        set message_ids = this.message_ids, letter_ids = this.letter_ids, thread_ids = this.thread_ids
        where id = merge;
    end if;
    owner := case when this.undone_at is null then this.into_id else this.from_id end;
    update public.messages set citizen_id = owner where id = any (this.message_ids);
    update public.outbound_messages set citizen_id = owner where id = any (this.letter_ids);
    update public.threads set citizen_id = owner where id = any (this.thread_ids);
end $$
"""


def upgrade() -> None:
    for name in MOVED:
        op.add_column("merges", sa.Column(name, postgresql.ARRAY(sa.BigInteger()), nullable=True))
    op.execute("update merges set message_ids = '{}', thread_ids = '{}', letter_ids = '{}'")
    for name in MOVED:
        op.alter_column("merges", name, nullable=False)
    op.add_column("outbound_messages", sa.Column("legal_basis", sa.VARCHAR(), nullable=True))
    op.add_column("outbound_messages", sa.Column("basis_reason", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("ck_outbound_messages_basis_has_reason"),
        "outbound_messages",
        "(legal_basis is null) = (basis_reason is null)",
    )
    op.execute(MOVE_MESSAGES)
    op.execute("revoke all on function move_messages from public")
    op.execute("grant execute on function move_messages to overgang_app, overgang_sweeps")
    # A letter under a number that was found to be somebody's is about them.
    op.execute("create policy messages on merges for select to overgang_messages using (true)")


def downgrade() -> None:
    op.execute("drop policy messages on merges")
    op.execute("drop function move_messages")
    op.drop_constraint(op.f("ck_outbound_messages_basis_has_reason"), "outbound_messages", type_="check")
    for name in ("legal_basis", "basis_reason"):
        op.drop_column("outbound_messages", name)
    for name in MOVED:
        op.drop_column("merges", name)
