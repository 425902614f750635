"""What the application's role may do: read and write, but never change what only ever grows."""

from collections.abc import Iterable, Iterator

# History, misses and what was agreed, said, raised and sent to us: rows are added there, and nothing else.
ONLY_ADDED_TO = frozenset(
    {
        "history", "misses", "miss_verdicts", "miss_reviews", "reminders", "contact_attempts", "agreements",
        "agreement_rules", "access_log", "access_seals", "transmissions", "answers", "wordings",
        "record_seals",
    }
)  # fmt: skip
ONLY_READ = frozenset({"alembic_version"})
# What the application takes on by name (`set role`): row-level security shows these more than a person at work.
BACKGROUND = ("overgang_sweeps", "overgang_messages")
# Of what was sent, only how it was received is filled in later.
FILLED_IN_LATER = {
    "handover_versions": ("read_at", "read_by", "rejected_at", "rejected_by", "rejected_because", "asked_for"),
    # An attachment may come after the reply that repeats its heading; a rotation of keys writes the encrypted anew.
    "segments": ("content", "content_type", "size", "author", "contact", "text", "title", "url"),
}
# What people's pages read of a table in which lies what only programs read: a message as it was sent.
SHOWN_TO_PEOPLE = {
    "messages": (
        "id", "uuid", "sender", "number", "kind", "code", "received_at", "received_from", "fate", "why", "answer",
        "problems", "citizen_id", "facts", "episode_id", "entry_number", "about_id",
    ),
    "outbound_messages": (
        "id", "uuid", "number", "kind", "receiver", "citizen_id", "episode_id", "unit_id", "state", "transmissions",
        "next_at", "made_at", "sent_at", "answered_at", "answer", "said", "legal_basis",
        "basis_reason",
    ),
}  # fmt: skip

# What runs as the owner is for whom it was made: these for the sweeps alone, the others for all of the application.
ONLY_FOR_SWEEPS = ("keep_access_log", "forget_answers")


def definers(role: str, functions: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The statements that let `role`, and nobody by being there, call what runs as the owner.

    `functions` are names, and signatures as PostgreSQL writes them.
    """
    for name, signature in functions:
        yield f"revoke all on function {signature} from public, {_quoted(role)}"
        if name not in ONLY_FOR_SWEEPS or role == BACKGROUND[0]:
            yield f"grant execute on function {signature} to {_quoted(role)}"


def grants(role: str, tables: Iterable[str]) -> Iterator[str]:
    """The statements that give `role` its rights on `tables`, all of them, whatever it had before."""
    yield f"grant usage on schema public to {_quoted(role)}"
    yield f"grant usage on all sequences in schema public to {_quoted(role)}"
    for table in tables:
        shown = SHOWN_TO_PEOPLE.get(table) if role not in BACKGROUND else None
        may = [f"select ({', '.join(shown)})" if shown else "select"]
        may += [] if table in ONLY_READ else ["insert"]
        if columns := FILLED_IN_LATER.get(table):
            may += [f"update ({', '.join(columns)})"]
        else:
            may += [] if table in ONLY_READ | ONLY_ADDED_TO else ["update"]
        yield f"revoke all on {_quoted(table)} from {_quoted(role)}"
        yield f"grant {', '.join(may)} on {_quoted(table)} to {_quoted(role)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
