"""What two nurses talk about in the follow-up call, in its order (domain/quality.md 5.8): a first version."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One question: its key is its word; with `choices` one of them is chosen, else something is written."""

    key: str
    choices: tuple[str, ...] = ()
    asked_for: bool = False  # a conversation without an answer to it is not finished


QUESTIONS = (
    Question("condition", ("better", "same", "worse"), asked_for=True),
    Question("questions"),
    Question("medicine"),
    Question("aids"),
    Question("plan"),
    Question("adverse_event"),
    Question("rating", ("complete", "partly", "not")),
)
