"""When something last happened to a citizen: nobody who has died is admitted, and stays do not overlap."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Also in episodes that the asker does not see: what must not be begun must not be begun by anybody.
    op.execute("""
        create function last_told(citizen bigint, triggers text[]) returns table (told text, at timestamptz)
        language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
            select h.trigger, max(coalesce((
                select c.effective_at from public.history c
                where c.episode_id = h.episode_id and c.kind = 'corrected' and c.about = h.number
                order by c.number desc limit 1
            ), h.effective_at))
            from public.episodes e join public.history h on h.episode_id = e.id
            where e.citizen_id = citizen and h.kind = 'event' and h.trigger = any (triggers)
              and not exists (
                select from public.history c
                where c.episode_id = h.episode_id and c.kind = 'cancelled' and c.about = h.number
              )
            group by h.trigger
        $$
    """)


def downgrade() -> None:
    op.execute("drop function last_told")
