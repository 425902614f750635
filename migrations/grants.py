"""What the application's role may do: read and write, but never change what only ever grows."""

from collections.abc import Iterable, Iterator

# History, misses and what was agreed, said, raised and sent to us: rows are added there, and nothing else.
ONLY_ADDED_TO = frozenset({
    "history", "misses", "miss_verdicts", "reminders", "contact_attempts", "agreements", "agreement_rules",
    "transmissions",
})  # fmt: skip
ONLY_READ = frozenset({"alembic_version"})


def grants(role: str, tables: Iterable[str]) -> Iterator[str]:
    """The statements that give `role` its rights on `tables`, all of them, whatever it had before."""
    yield f"grant usage on schema public to {_quoted(role)}"
    yield f"grant usage on all sequences in schema public to {_quoted(role)}"
    for table in tables:
        may = ["select"]
        may += [] if table in ONLY_READ else ["insert"]
        may += [] if table in ONLY_READ | ONLY_ADDED_TO else ["update"]
        yield f"revoke all on {_quoted(table)} from {_quoted(role)}"
        yield f"grant {', '.join(may)} on {_quoted(table)} to {_quoted(role)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
