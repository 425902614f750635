"""What a person has seen once, and whether single keys do something for them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("toured", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("people", sa.Column("shortcuts", sa.Boolean(), server_default="true", nullable=False))


def downgrade() -> None:
    op.drop_column("people", "shortcuts")
    op.drop_column("people", "toured")
