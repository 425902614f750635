"""What was agreed in a conversation: each thing lies with one unit, has a time, and is owed as a task from then on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workflow.rule import Rule, Rung, hours
from workflow.vocabulary import Audience, Concerns, MissCode, Party, RuleKind

KIND = "agreed"
# Who can take something on: those between whom the conversations of the pathways are held.
OWNERS = (Party.WARD, Party.RECEIVER, Party.DISTRICT)
_LADDER = (Rung(-hours(2), Audience.CLAIMANT), Rung(hours(0), Audience.MANAGERS))
_ENDING = ("stay_resumed", "patient_readmitted", "patient_died", "episode_cancelled")


@dataclass(frozen=True, kw_only=True)
class Agreed:
    """One thing, by whom, and by when. It falls away with what the conversation was about, as the call itself does."""

    text: str
    owner: Party
    due_at: datetime

    def as_json(self) -> dict[str, str]:
        """As it stands in the history."""
        return {"text": self.text, "owner": self.owner.value, "due_at": self.due_at.isoformat()}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Agreed":
        """What `as_json` wrote."""
        return cls(text=said["text"], owner=Party(said["owner"]), due_at=datetime.fromisoformat(said["due_at"]))

    def rule(self, on: str) -> Rule:
        """The rule that it makes for itself, counted from what the conversation was counted from."""
        return Rule(
            key=KIND, kind=RuleKind.AFTER_EVENT, concerns=Concerns.TASK, task=KIND, on=on, owner=self.owner,
            counterpart=Party.RECEIVER if self.owner == Party.WARD else Party.WARD, after=timedelta(0),
            ladder=_LADDER, miss=MissCode.TASK_NOT_DONE, withdrawn_by=_ENDING,
            source="domain/quality.md 5.8: answers and agreements, each with an owner and a deadline",
        )  # fmt: skip
