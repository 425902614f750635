"""What an import made can be taken back without the owner's role; and that a role was looked through."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# The application removes nothing, but for this: a row that the last import made, and that nobody points at.
TAKE_BACK = """
create function take_back(from_table text, row_id bigint) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    if not exists (
        select from public.registry_imports
        where id = (select max(id) from public.registry_imports where undone_at is null)
          and changes @> jsonb_build_array(jsonb_build_object('table', from_table, 'id', row_id, 'before', null))
    ) then
        raise exception 'only what the last import made can be taken back';
    end if;
    if from_table = 'units' then
        delete from public.units where id = row_id;
    else
        delete from public.organisations where id = row_id;
    end if;
end
$$
"""


def upgrade() -> None:
    op.execute(TAKE_BACK)
    op.add_column("person_roles", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person_roles", sa.Column("confirmed_by", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("person_roles", "confirmed_by")
    op.drop_column("person_roles", "confirmed_at")
    op.execute("drop function take_back(text, bigint)")
