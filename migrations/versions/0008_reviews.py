"""The review of misses, verdicts that managers give, and how far an agreement that moves deadlines has been applied."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

AUDITS = "(select nullif(current_setting('overgang.audits', true), '')::bigint[])::bigint[]"
PERSON = "(select nullif(current_setting('overgang.person', true), '')::bigint)"

SEES_THE_MISS = "exists (select from misses p where p.id = miss_reviews.miss_id)"
MANAGES_A_SIDE = (
    "exists (select from misses p join episodes e on e.id = p.episode_id"
    f" where p.id = miss_reviews.miss_id and e.related && {AUDITS})"
)


def upgrade() -> None:
    op.add_column("miss_verdicts", sa.Column("given_by_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_misses_responsible_unit_id", "misses", ["responsible_unit_id", "due_at"])
    op.create_index("ix_sign_ins_began_at", "sign_ins", ["person_id", "began_at"])
    op.create_table(
        "miss_reviews",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("miss_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("assigned_to_id", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.VARCHAR(), nullable=True),
        sa.Column("learning", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("reported", sa.Boolean(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_by_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "not closed or (cause is not null and learning <> '')",
            name=op.f("ck_miss_reviews_closed_says_what_was_learned"),
        ),
        sa.ForeignKeyConstraint(["assigned_to_id"], ["people.id"], name=op.f("fk_miss_reviews_assigned_to_id")),
        sa.ForeignKeyConstraint(["miss_id"], ["misses.id"], name=op.f("fk_miss_reviews_miss_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_miss_reviews")),
        sa.UniqueConstraint("miss_id", "number", name=op.f("uq_miss_reviews_miss_id_number")),
    )
    op.create_index(
        "ix_miss_reviews_assigned_to_id",
        "miss_reviews",
        ["assigned_to_id"],
        postgresql_where="assigned_to_id is not null",
    )
    op.execute("""
        create trigger only_added_to before update or delete on miss_reviews
        for each row execute function refuse_change()
    """)
    op.execute("alter table miss_reviews enable row level security")
    op.execute("create policy sweeps on miss_reviews to overgang_sweeps using (true) with check (true)")
    op.execute(f"create policy people_see on miss_reviews for select using ({SEES_THE_MISS})")
    op.execute(
        "create policy people_add on miss_reviews for insert"
        f" with check (written_by_id = {PERSON} and {MANAGES_A_SIDE})"
    )
    op.create_table(
        "agreement_moves",
        sa.Column("agreement_id", sa.BigInteger(), nullable=False),
        sa.Column("reached_id", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_agreement_moves_agreement_id")),
        sa.PrimaryKeyConstraint("agreement_id", name=op.f("pk_agreement_moves")),
    )
    op.create_index(
        "ix_agreement_moves_under_way", "agreement_moves", ["agreement_id"], postgresql_where="done_at is null"
    )


def downgrade() -> None:
    op.drop_table("agreement_moves")
    op.drop_table("miss_reviews")
    op.drop_index("ix_sign_ins_began_at", table_name="sign_ins")
    op.drop_index("ix_misses_responsible_unit_id", table_name="misses")
    op.drop_column("miss_verdicts", "given_by_id")
