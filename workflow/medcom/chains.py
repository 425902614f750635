"""Which messages belong to one stay: by the chain that they tell of, and by the identifiers of the episode of care."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from workflow.medcom.codes import Event
from workflow.medcom.notification import Notification

Message = tuple[str, str]  # the sender's name, and the number it gave: what counts once


def key(message: Notification) -> Message:
    """What a message is known by."""
    return (message.sender.sor or message.sender.gln or "", message.number)


def chains(messages: Sequence[Notification]) -> list[list[Notification]]:
    """The messages, a list a stay; neither the order they come in nor that of the lists says anything.

    First those that tell of one another. Then messages whose chain has no beginning here join the stay that has one of
    their identifiers. A chain with a beginning stays its own: a transfer between hospitals keeps the identifier.
    """
    groups = _linked(messages)
    rooted = [group for group in groups if any(m.begins_chain for m in group)]
    for group in sorted((g for g in groups if g not in rooted), key=_start):
        home = _home(group, rooted)
        if home is None:
            rooted.append(group)
        else:
            home.extend(group)
    return rooted


def _linked(messages: Sequence[Notification]) -> list[list[Notification]]:
    """Groups that share a number in their Provenances. Two beginnings with one number are two stays."""
    groups: list[tuple[set[str], list[Notification]]] = []
    for message in sorted(messages, key=lambda m: (not m.begins_chain, m.occurred_at, m.number)):
        if message.begins_chain:
            groups.append(({message.number}, [message]))
            continue
        numbers = {message.number, *message.earlier}
        found = [group for group in groups if group[0] & numbers]
        beginnings = [group for group in found if any(m.begins_chain for m in group[1])]
        if len(beginnings) > 1:  # a sender that used a number twice: the nearest that began before
            nearest = max(beginnings, key=lambda g: (_alike(g[1], message), _start(g[1])))
            found = [group for group in found if group not in beginnings or group is nearest]
        merged = (numbers.union(*(g[0] for g in found)), [message, *(m for g in found for m in g[1])])
        groups = [group for group in groups if group not in found] + [merged]
    return [group for _, group in groups]


def _alike(group: Iterable[Notification], message: Notification) -> int:
    return max(2 * bool(m.stay_ids & message.stay_ids) + (m.sender.sor == message.sender.sor) for m in group)


def _start(group: Iterable[Notification]) -> datetime:
    return min(m.started_at for m in group)


def _home(group: list[Notification], stays: list[list[Notification]]) -> list[Notification] | None:
    """The stay that a chain without a beginning continues, if there is one."""
    ids = frozenset[str]().union(*(m.stay_ids for m in group))
    senders = {m.sender.sor for m in group}
    known = [stay for stay in stays if any(m.stay_ids & ids for m in stay)]
    own = [stay for stay in known if any(m.sender.sor in senders for m in stay)]
    if own or (known and not _tells_its_beginning(group)):
        return max(own or known, key=_start)
    first = min(m.happened_at for m in group)
    open_there = [s for s in stays if not known and any(m.sender.sor in senders for m in s) and _is_open(s, first)]
    return max(open_there, key=_start, default=None)


def _is_open(stay: Iterable[Notification], at: datetime) -> bool:
    """Whether a stay had begun, and nothing had ended it."""
    stay = list(stay)
    over = any(m.event in {Event.SLHJ, Event.MORS} and m.happened_at < at for m in stay)
    return _start(stay) <= at and not over


def _tells_its_beginning(group: Iterable[Notification]) -> bool:
    """Whether some Provenance follows nothing: the message that it is about has begun a stay, and is missing here."""
    return any(link.follows is None for m in group for link in m.links)
