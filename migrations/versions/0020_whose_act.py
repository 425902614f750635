"""Whose act a notice tells of: it is no news to them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("by_unit_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key("fk_outbox_by_unit_id", "outbox", "units", ["by_unit_id"], ["id"])


def downgrade() -> None:
    op.drop_column("outbox", "by_unit_id")
