"""What only grows is sealed; and what runs as the owner looks for nothing in temporary tables before our own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# Without it in the path, pg_temp is searched first of all, and there anybody can put a table of any name.
PATHS = """
do $$ declare of_owner regprocedure; begin
    for of_owner in
        select oid from pg_catalog.pg_proc
        where prosecdef and pronamespace = 'public'::regnamespace
    loop
        execute pg_catalog.format('alter function %s set search_path = pg_catalog, public{}', of_owner);
    end loop;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "record_seals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("row_hashes", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_seals")),
    )
    op.create_index("ix_record_seals_table_name", "record_seals", ["table_name", "last_id"])
    op.create_table(
        "record_marks",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("tx", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_record_marks")),
    )
    for table in ("record_seals", "record_marks"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"create policy sweeps on {table} to overgang_sweeps using (true) with check (true)")
    op.execute("""
        create trigger only_added_to before update or delete on record_seals
        for each row execute function refuse_change()
    """)
    op.execute(PATHS.format(", pg_temp"))


def downgrade() -> None:
    op.execute(PATHS.format(""))
    op.drop_table("record_marks")
    op.drop_table("record_seals")
