"""When somebody in a place is expected to go home."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("place_stays", sa.Column("leaves_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("place_stays", "leaves_on")
