"""Row-level security asks about each row that is read, never beforehand about all; and who is at or for a house."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UNITS = "(select nullif(current_setting('overgang.units', true), '')::bigint[])::bigint[]"
MUNICIPALITY = "(select nullif(current_setting('overgang.municipality', true), '')::bigint)"
OPENED = "(select nullif(current_setting('overgang.opened', true), '')::bigint[])::bigint[]"
TYPED = "(select decode(nullif(current_setting('overgang.typed', true), ''), 'hex'))"

# A planner that expects many rows reads every episode that is seen into a table of its own, and looks each row up in
# it. `offset 0` makes it go by the index, row by row: the same for a thousand episodes as for a million.
BY_ROW = " offset 0"
PARENTS = {
    "history": ("episodes", "episode_id"),
    "handover_versions": ("handovers", "handover_id"),
    "contact_attempts": ("tasks", "task_id"),
    "reminders": ("deadlines", "deadline_id"),
    "miss_verdicts": ("misses", "miss_id"),
    "miss_reviews": ("misses", "miss_id"),
    "outbox": ("episodes", "episode_id"),
    "place_requests": ("episodes", "episode_id"),
}
# Both sides of what stands have a relation to its episode (seeing.relations), so that the units are asked first, and
# the episode only where neither is the asker's: a list reads one table less. What stands, the sides, and how before.
SIDES = {
    "deadlines": ("", ("unit_id", "other_unit_id"), BY_ROW),
    "tasks": ("state <> 'withdrawn' and ", ("unit_id", "counterpart_unit_id"), BY_ROW),
    "handovers": (
        "(state <> 'withdrawn' or first_sent_at is not null) and ", ("from_unit_id", "to_unit_id"), BY_ROW,
    ),
    "misses": ("", ("owing_unit_id",), BY_ROW),
}  # fmt: skip
# The planner does not know how many episodes a reader sees, guesses one in a thousand, and begins with all of them: by
# their index, or by reading every episode there is. Of a `case` it guesses half, and asks of rows that it has found
# otherwise; lists ask for what is theirs themselves (Sight.visible).
SEEN = f"related && {UNITS} or citizen_id = any ({OPENED})"
IN_THE_HOUSE = "closed_at is null and facility_id is not null and state <> 'at_home'"


def _exists(parent: str, table: str, key: str, how: str) -> str:
    return f"exists (select from {parent} p where p.id = {table}.{key}{how})"


def _citizen(how: str) -> str:
    return (
        f"cpr_fingerprint = {TYPED} or exists (select from episodes e where e.citizen_id = citizens.id{how})"
        f" or exists (select from municipal_services s"
        f" where s.citizen_id = citizens.id and s.municipality_id = {MUNICIPALITY}{how})"
    )


def _place_stay(how: str) -> str:
    return (
        f"{_exists('episodes', 'place_stays', 'episode_id', how)} or exists (select from places p"
        f" where p.id = place_stays.place_id and p.unit_id = any ({UNITS}){how})"
    )


def _see(table: str, condition: str) -> None:
    op.execute(f"alter policy people_see on {table} using ({condition})")


def _of_side(sides: tuple[str, ...]) -> str:
    return f"({' or '.join(f'{side} = any ({UNITS})' for side in sides)})"


def upgrade() -> None:
    op.create_index("ix_episodes_facility_id", "episodes", ["facility_id", "id"], postgresql_where=IN_THE_HOUSE)
    _see("episodes", f"case when {SEEN} then true else false end")
    for table, (parent, key) in PARENTS.items():
        _see(table, _exists(parent, table, key, BY_ROW))
    for table, (stands, sides, _) in SIDES.items():
        _see(table, f"{stands}{_of_side(sides)} or {_exists('episodes', table, 'episode_id', BY_ROW)}")
    _see("citizens", _citizen(BY_ROW))
    _see("place_stays", _place_stay(BY_ROW))


def downgrade() -> None:
    _see("episodes", SEEN)
    for table, (parent, key) in PARENTS.items():
        _see(table, _exists(parent, table, key, ""))
    for table, (_, sides, how) in SIDES.items():
        of_side = f"{_of_side(sides)} or " if table == "deadlines" else ""
        _see(table, f"{of_side}{_exists('episodes', table, 'episode_id', how)}")
    _see("citizens", _citizen(""))
    _see("place_stays", _place_stay(""))
    op.drop_index("ix_episodes_facility_id", table_name="episodes")
