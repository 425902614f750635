"""Units close from a day, with a successor; a review that waited for somebody who left is given back by nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("miss_reviews", "written_by_id", nullable=True)
    op.add_column("units", sa.Column("closed_on", sa.Date(), nullable=True))
    op.add_column("units", sa.Column("successor_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_units_successor_id"), "units", "units", ["successor_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_units_closes_before_it_is_followed"), "units", "successor_id is null or closed_on is not null"
    )
    op.create_check_constraint(op.f("ck_units_follows_another"), "units", "successor_id <> id")


def downgrade() -> None:
    op.drop_column("units", "successor_id")
    op.drop_column("units", "closed_on")
    op.execute("alter table miss_reviews disable trigger only_added_to")
    op.execute("delete from miss_reviews where written_by_id is null")
    op.execute("alter table miss_reviews enable trigger only_added_to")
    op.alter_column("miss_reviews", "written_by_id", nullable=False)
