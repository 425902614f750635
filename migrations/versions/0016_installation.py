"""Whose database this is: a demonstration's or real work's, and which keys it is written with."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("proof_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("proof_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_installation_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_installation")),
    )


def downgrade() -> None:
    op.drop_table("installation")
