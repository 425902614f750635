"""MedCom's messages: received, answered, talked in, and sent; and which unit each address on the wire is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# ---- who sees what (as in 0003) ----
UNITS = "(select nullif(current_setting('overgang.units', true), '')::bigint[])::bigint[]"
SEEN = "exists (select from episodes e where e.citizen_id = {}.citizen_id)"
OUR_THREAD = f"unit_id = any ({UNITS}) or {SEEN.format('threads')}"
OUR_LETTER = f"unit_id = any ({UNITS}) or {SEEN.format('outbound_messages')}"
OF_THREAD = "exists (select from threads t where t.id = segments.thread_id)"
# table: (who sees a row, who may add one, who may change one); None: nobody but the background.
PEOPLE: dict[str, tuple[str | None, str | None, str | None]] = {
    "sender_keys": (None, None, None),
    "messages": (SEEN.format("messages"), None, None),
    "transmissions": (None, None, None),
    "threads": (OUR_THREAD, OUR_THREAD, OUR_THREAD),
    "segments": (OF_THREAD, OF_THREAD, None),
    "outbound_messages": (OUR_LETTER, OUR_LETTER, None),
}
# A letter may be about somebody who has no episode: the unit that it is addressed to sees of whom.
WRITTEN_ABOUT = f"exists (select from threads t where t.citizen_id = citizens.id and t.unit_id = any ({UNITS}))"


def upgrade() -> None:
    _create_tables()
    op.execute("""
        create trigger only_added_to before update or delete on transmissions
        for each row execute function refuse_change()
    """)
    for table, (sees, adds, changes) in PEOPLE.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy sweeps on {table} to overgang_sweeps using (true) with check (true)")
        op.execute(f"create policy messages on {table} to overgang_messages using (true) with check (true)")
        if sees is not None:
            op.execute(f"create policy people_see on {table} for select using ({sees})")
        if adds is not None:
            op.execute(f"create policy people_add on {table} for insert with check ({adds})")
        if changes is not None:
            op.execute(f"create policy people_change on {table} for update using ({changes})")
    op.execute(f"create policy people_see_written_about on citizens for select using ({WRITTEN_ABOUT})")


def _create_tables() -> None:
    op.create_table(
        "sender_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(key_hash is null) <> (certificate is null)", name=op.f("ck_sender_keys_one_credential")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender_keys")),
        sa.UniqueConstraint("certificate", name=op.f("uq_sender_keys_certificate")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_sender_keys_key_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_sender_keys_uuid")),
    )
    op.create_table(
        "addresses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("sor", sa.Text(), nullable=False),
        sa.Column("gln", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("placeholder", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_addresses_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint("sor", name=op.f("uq_addresses_sor")),
        sa.UniqueConstraint("uuid", name=op.f("uq_addresses_uuid")),
    )
    op.create_index("ix_addresses_placeholder", "addresses", ["id"], unique=False, postgresql_where="placeholder")
    op.create_index("ix_addresses_unit_id", "addresses", ["unit_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_from", sa.Text(), nullable=False),
        sa.Column("fate", sa.VARCHAR(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("problems", postgresql.JSONB(), nullable=False),
        sa.Column("citizen_id", sa.BigInteger(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=True),
        sa.Column("episode_id", sa.BigInteger(), nullable=True),
        sa.Column("entry_number", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "fate <> 'unknown_citizen' or num_nonnulls(raw, facts, code, citizen_id) = 0",
            name=op.f("ck_messages_unknown_is_deleted"),
        ),
        sa.CheckConstraint("(episode_id is null) = (entry_number is null)", name=op.f("ck_messages_entry_has_episode")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_messages_citizen_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_messages_episode_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("sender", "number", name=op.f("uq_messages_sender_number")),
        sa.UniqueConstraint("uuid", name=op.f("uq_messages_uuid")),
    )
    op.create_index(
        "ix_messages_citizen_id",
        "messages",
        ["citizen_id", "id"],
        unique=False,
        postgresql_where="citizen_id is not null",
    )
    op.create_index(
        "ix_messages_episode_id", "messages", ["episode_id"], unique=False, postgresql_where="episode_id is not null"
    )
    op.create_index("ix_messages_waiting", "messages", ["id"], unique=False, postgresql_where="fate = 'waiting'")
    op.create_table(
        "outbound_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("citizen_id", sa.BigInteger(), nullable=True),
        sa.Column("episode_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.VARCHAR(), nullable=False),
        sa.Column("transmissions", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state in ('queued', 'awaiting', 'resending')) = (next_at is not null)",
            name=op.f("ck_outbound_messages_waits_for_time"),
        ),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_outbound_messages_citizen_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_outbound_messages_episode_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_outbound_messages_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_messages")),
        sa.UniqueConstraint("number", name=op.f("uq_outbound_messages_number")),
        sa.UniqueConstraint("uuid", name=op.f("uq_outbound_messages_uuid")),
    )
    op.create_index(
        "ix_outbound_messages_citizen_id",
        "outbound_messages",
        ["citizen_id"],
        unique=False,
        postgresql_where="citizen_id is not null",
    )
    op.create_index(
        "ix_outbound_messages_next_at",
        "outbound_messages",
        ["next_at", "id"],
        unique=False,
        postgresql_where="next_at is not null",
    )
    op.create_table(
        "threads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("citizen_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("with_sor", sa.Text(), nullable=False),
        sa.Column("with_gln", sa.Text(), nullable=True),
        sa.Column("with_name", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("topic", sa.LargeBinary(), nullable=True),
        sa.Column("episode_of_care_system", sa.Text(), nullable=True),
        sa.Column("episode_of_care", sa.Text(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_number", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_threads_citizen_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_threads_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_threads_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        sa.UniqueConstraint("citizen_id", "identifier", name=op.f("uq_threads_citizen_id_identifier")),
        sa.UniqueConstraint("uuid", name=op.f("uq_threads_uuid")),
    )
    op.create_index("ix_threads_unit_id", "threads", ["unit_id", "last_at"], unique=False)
    op.create_table(
        "transmissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("bundle_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_transmissions_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transmissions")),
        sa.UniqueConstraint("sender", "bundle_id", name=op.f("uq_transmissions_sender_bundle_id")),
    )
    op.create_index("ix_transmissions_message_id", "transmissions", ["message_id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=True),
        sa.Column("author", sa.LargeBinary(), nullable=True),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("title", sa.LargeBinary(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("url", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.CheckConstraint("num_nonnulls(text, content, url) <= 1", name=op.f("ck_segments_one_content")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_segments_thread_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("thread_id", "identifier", name=op.f("uq_segments_thread_id_identifier")),
        sa.UniqueConstraint("uuid", name=op.f("uq_segments_uuid")),
    )


def downgrade() -> None:
    op.execute("drop policy people_see_written_about on citizens")
    op.drop_table("segments")
    op.drop_index("ix_transmissions_message_id", table_name="transmissions")
    op.drop_table("transmissions")
    op.drop_index("ix_threads_unit_id", table_name="threads")
    op.drop_table("threads")
    op.drop_index(
        "ix_outbound_messages_next_at", table_name="outbound_messages", postgresql_where="next_at is not null"
    )
    op.drop_index(
        "ix_outbound_messages_citizen_id", table_name="outbound_messages", postgresql_where="citizen_id is not null"
    )
    op.drop_table("outbound_messages")
    op.drop_index("ix_messages_waiting", table_name="messages", postgresql_where="fate = 'waiting'")
    op.drop_index("ix_messages_episode_id", table_name="messages", postgresql_where="episode_id is not null")
    op.drop_index("ix_messages_citizen_id", table_name="messages", postgresql_where="citizen_id is not null")
    op.drop_table("messages")
    op.drop_index("ix_addresses_unit_id", table_name="addresses")
    op.drop_index("ix_addresses_placeholder", table_name="addresses", postgresql_where="placeholder")
    op.drop_table("addresses")
    op.drop_table("sender_keys")
