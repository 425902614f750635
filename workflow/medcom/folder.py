"""The folder of a message gateway as a person must know it: what is not taken, and what cannot be read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workflow.seeing.masking import masked

PATIENCE = timedelta(minutes=5)  # in which a file is taken that can be
MOST = 100
UNREADABLE, TAKEN = "unreadable", "taken"


@dataclass(frozen=True)
class LeftLying:
    """A file that nobody will take, or has not taken yet although it is time."""

    name: str
    unreadable: bool
    since: datetime


def left_lying(inbox: str | None, *, real_at: datetime) -> list[LeftLying]:
    """What a person must look at, the oldest first, MOST at most; nothing where there is no folder."""
    if inbox is None:
        return []
    found = []
    for folder in (Path(inbox), Path(inbox) / TAKEN, Path(inbox) / UNREADABLE):
        try:
            for file in folder.iterdir():
                since = datetime.fromtimestamp(file.lstat().st_mtime, UTC)
                lies = folder.name == UNREADABLE or real_at - since > PATIENCE
                if lies and not file.is_dir() and not file.name.startswith("."):
                    found.append(LeftLying(masked(file.name[:100]), folder.name == UNREADABLE, since))
        except OSError:  # it went meanwhile, or this process may not look
            continue
    return sorted(found, key=lambda one: (one.since, one.name))[:MOST]
