"""What can go wrong, as facts with a sentence that a user may read."""

from workflow.sentences import sentence
from workflow.vocabulary import Language


class WorkflowError(Exception):
    """The request cannot be carried out; nothing was changed.

    `code` names a sentence of `workflow.sentences`; `facts` fill its blanks and never hold a CPR number.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts

    def say(self, language: Language) -> str:
        """The sentence, in the reader's language."""
        return sentence(self.code, language, **self.facts)

    def __str__(self) -> str:
        return self.say(Language.DANISH)


class NotPossible(WorkflowError):
    """This cannot happen as things are now."""


class NotAllowed(WorkflowError):
    """Someone else has to do this."""


class TooMany(NotAllowed):
    """Too often in too short a time."""


class NotFound(WorkflowError):
    """There is no such thing, or not for you."""


class Stale(WorkflowError):
    """Something newer than what the user saw has been written."""


class Invalid(WorkflowError):
    """What was typed cannot be used."""


class Missing(NotPossible):
    """Something is asked for first. `items` names each, so that a form can point at it."""

    def __init__(self, code: str, items: tuple[str, ...], **facts: object) -> None:
        super().__init__(code, items=items, **facts)
        self.items = items
