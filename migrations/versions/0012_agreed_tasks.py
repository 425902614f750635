"""What is agreed, asked and answered in a conversation; and what lists of tasks are read by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_tasks_claimed_by_id": (["claimed_by_id", "due_at"], "state = 'open' and claimed_by_id is not null"),
    "ix_tasks_done_with": (["counterpart_unit_id", "done_at"], "state = 'done'"),
}


def upgrade() -> None:
    op.add_column("tasks", sa.Column("text", sa.Text(), nullable=True))
    op.add_column("tasks", sa.Column("questions", sa.Text(), nullable=True))
    op.add_column(
        "contact_attempts",
        sa.Column("answers", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_check_constraint(op.f("ck_tasks_agreed_says_what"), "tasks", "(kind = 'agreed') = (text is not null)")
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, "tasks", columns, unique=False, postgresql_where=where)


def downgrade() -> None:
    for name, (_, where) in INDEXES.items():
        op.drop_index(name, table_name="tasks", postgresql_where=where)
    op.drop_constraint(op.f("ck_tasks_agreed_says_what"), "tasks", type_="check")
    op.drop_column("contact_attempts", "answers")
    op.drop_column("tasks", "questions")
    op.drop_column("tasks", "text")
