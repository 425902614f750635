"""An expected discharge is a deadline of its own, until a receiver has accepted; open episodes get theirs here."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

LIVE = "ended_at is null and task_id is null and handover_id is null"
RECEIVER = "case pathway_key when 'tryghedshotel' then facility_id else district_id end"
# As `workflow.settling.discharge` has it. What has passed already reminds nobody any more.
OWED = f"""
insert into deadlines (episode_id, concerns, unit_id, other_unit_id, opened_at, due_at, rung_at, rung_to, rung, next_at)
select e.id, 'handover_sending', e.responsible_unit_id,
       case when h.state in ('sent', 'read') then null else {RECEIVER} end,
       now(), e.expected_discharge_at, array[e.expected_discharge_at], array['unit'],
       case when e.expected_discharge_at <= now() then 1 else 0 end,
       case when e.expected_discharge_at > now() then e.expected_discharge_at end
from episodes e
left join handovers h on h.episode_id = e.id and h.passed_at is null and h.state <> 'withdrawn'
where e.closed_at is null and e.expected_discharge_at is not null
  and e.state in ('acute', 'admitted', 'admitted_at_home', 'on_leave', 'ready_for_discharge')
  and {RECEIVER} <> e.responsible_unit_id and h.state is distinct from 'accepted'
"""


def upgrade() -> None:
    op.drop_index("uq_deadlines_live_state", "deadlines")
    op.create_index(
        "uq_deadlines_live_episode", "deadlines", ["episode_id", "concerns"], unique=True, postgresql_where=LIVE
    )
    op.execute(OWED)


def downgrade() -> None:
    op.execute(f"""
        update deadlines set ended_at = now(), ended = 'withdrawn', next_at = null
        where {LIVE} and concerns = 'handover_sending'
    """)
    op.drop_index("uq_deadlines_live_episode", "deadlines")
    op.create_index("uq_deadlines_live_state", "deadlines", ["episode_id"], unique=True, postgresql_where=LIVE)
