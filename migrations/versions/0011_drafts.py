"""Drafts of handovers: one a unit writes on an episode, and only that unit sees it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# ---- who sees what (as in 0003): what has not been sent is seen by those who write it ----
UNITS = "(select nullif(current_setting('overgang.units', true), '')::bigint[])::bigint[]"
OURS = f"unit_id = any ({UNITS}) and exists (select from episodes e where e.id = handover_drafts.episode_id)"


def upgrade() -> None:
    op.create_table(
        "handover_drafts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("signed_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_by_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_handover_drafts_episode_id")),
        sa.ForeignKeyConstraint(["saved_by_id"], ["people.id"], name=op.f("fk_handover_drafts_saved_by_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_handover_drafts_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_drafts")),
        sa.UniqueConstraint("episode_id", "unit_id", name=op.f("uq_handover_drafts_episode_id_unit_id")),
    )
    op.execute("alter table handover_drafts enable row level security")
    op.execute("create policy sweeps on handover_drafts to overgang_sweeps using (true) with check (true)")
    op.execute(f"create policy people_see on handover_drafts for select using ({OURS})")
    op.execute(f"create policy people_add on handover_drafts for insert with check ({OURS})")
    op.execute(f"create policy people_change on handover_drafts for update using ({OURS})")


def downgrade() -> None:
    op.drop_table("handover_drafts")
