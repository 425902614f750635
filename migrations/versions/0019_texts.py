"""Texts are composed and have bounds: what is there is composed and cut now, what comes is held to it."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LINES = (
    ("citizens", "name"), ("citizens", "phone"), ("municipal_services", "service"), ("organisations", "name"),
    ("units", "name"), ("units", "phone"), ("units", "phone_night"), ("units", "phone_line"), ("units", "email"),
    ("people", "username"), ("people", "name"), ("people", "email"), ("people", "mobile"), ("places", "name"),
    ("saved_views", "name"),
)  # fmt: skip
MOST = 200


def upgrade() -> None:
    for table, column in LINES:
        op.execute(f"update {table} set {column} = normalize({column}, NFC) where {column} is not NFC normalized")
        op.execute(f"update {table} set {column} = left({column}, {MOST - 1}) || '…' where length({column}) > {MOST}")
        op.create_check_constraint(op.f(f"ck_{table}_{column}_is_a_line"), table, f"length({column}) <= {MOST}")


def downgrade() -> None:
    for table, column in LINES:
        op.drop_constraint(op.f(f"ck_{table}_{column}_is_a_line"), table)
