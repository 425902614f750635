"""What organisations say in their own words, and the days on which a unit does not read what is sent to it."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wordings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("language", sa.VARCHAR(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.CheckConstraint("text <> ''", name=op.f("ck_wordings_says_something")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_wordings_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wordings")),
    )
    op.create_index("ix_wordings_organisation_id", "wordings", ["organisation_id", "code", "language", "id"])
    op.execute("""
        create trigger only_added_to before update or delete on wordings
        for each row execute function refuse_change()
    """)
    op.create_table(
        "closed_days",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(removed_at is null) = (removed_by is null)", name=op.f("ck_closed_days_removed_by_somebody")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_closed_days_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_days")),
        sa.UniqueConstraint("uuid", name=op.f("uq_closed_days_uuid")),
    )
    op.create_index(
        "uq_closed_days_in_force", "closed_days", ["unit_id", "day"], unique=True, postgresql_where="removed_at is null"
    )


def downgrade() -> None:
    op.drop_table("closed_days")
    op.drop_table("wordings")
