"""Every pathway that an episode can follow, by key and version."""

from workflow.pathway import Pathway
from workflow.pathways.home import HOME
from workflow.pathways.tryghedshotel import TRYGHEDSHOTEL

PATHWAYS: dict[tuple[str, int], Pathway] = {(p.key, p.version): p for p in (HOME, TRYGHEDSHOTEL)}


def pathway(key: str, version: int) -> Pathway:
    """The definition that an episode runs on. Raises KeyError: an old version leaves only with its last episode."""
    return PATHWAYS[key, version]


def newest(key: str) -> Pathway:
    """What a new episode starts on. Raises KeyError."""
    return PATHWAYS[key, max(version for known, version in PATHWAYS if known == key)]
