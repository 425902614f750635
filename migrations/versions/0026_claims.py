"""A time that the owing side tells when the limit has passed: it waits for the other side."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("said_done_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("claim", sa.VARCHAR(), nullable=True))
    op.add_column("tasks", sa.Column("claim_answered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("claim_answered_by", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_tasks_claim_says_when"), "tasks", "(claim is null) = (said_done_at is null)")
    op.create_index("ix_tasks_claim", "tasks", ["counterpart_unit_id"], postgresql_where="claim = 'waiting'")


def downgrade() -> None:
    op.drop_index("ix_tasks_claim", "tasks")
    op.drop_constraint(op.f("ck_tasks_claim_says_when"), "tasks")
    for column in ("claim_answered_by", "claim_answered_at", "claim", "said_done_at"):
        op.drop_column("tasks", column)
