"""Row-level security asks about each row that is read, never beforehand about all that there are."""

from alembic import op

revision = "0015"
down_revision = "0012"
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
# the episode only where neither is the asker's: a list reads one table less.
SIDES = {
    "deadlines": ("", "", "unit_id", "other_unit_id"),
    "tasks": ("state <> 'withdrawn' and ", BY_ROW, "unit_id", "counterpart_unit_id"),
    "handovers": (
        "(state <> 'withdrawn' or first_sent_at is not null) and ", BY_ROW, "from_unit_id", "to_unit_id",
    ),
}  # fmt: skip

# The planner does not know how many episodes a reader sees, guesses one in a thousand, and began with all of them.
# `is true` makes it a question about a row that was found otherwise; lists ask for what is theirs (Sight.visible).
SEEN = f"related && {UNITS} or citizen_id = any ({OPENED})"


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


def _of_side(one: str, other: str) -> str:
    return f"({one} = any ({UNITS}) or {other} = any ({UNITS}))"


def upgrade() -> None:
    _see("episodes", f"({SEEN}) is true")
    for table, (parent, key) in PARENTS.items():
        _see(table, _exists(parent, table, key, BY_ROW))
    for table, (stands, _, one, other) in SIDES.items():
        _see(table, f"{stands}{_of_side(one, other)} or {_exists('episodes', table, 'episode_id', BY_ROW)}")
    _see("citizens", _citizen(BY_ROW))
    _see("place_stays", _place_stay(BY_ROW))


def downgrade() -> None:
    _see("episodes", SEEN)
    for table, (parent, key) in PARENTS.items():
        _see(table, _exists(parent, table, key, ""))
    for table, (_, how, one, other) in SIDES.items():
        side = f"{_of_side(one, other)} or " if table == "deadlines" else ""
        _see(table, f"{side}{_exists('episodes', table, 'episode_id', how)}")
    _see("citizens", _citizen(""))
    _see("place_stays", _place_stay(""))
