"""What messages led to and should never have been: cancelled, as far as people have not gone on from there."""

from workflow import amendments, episodes
from workflow.medcom.standing import Case, Standing
from workflow.medcom.triggers import IN_HOSPITAL
from workflow.tables import Episode

_CANCELLED = "Annulleret i Advis om sygehusophold"


def undo(standing: Standing) -> None:
    """Take back every entry whose message tells of nothing that is in force any more."""
    told = {key for step in standing.journey.steps for key in step.told}
    gone = [row for key, row in standing.rows.items() if row.episode_id is not None and key not in told]
    for row in sorted(gone, key=lambda r: (r.episode_id or 0, r.entry_number or 0), reverse=True):
        if row.episode_id is not None and row.entry_number is not None:
            _undo_entry(standing, row.episode_id, row.entry_number)
            row.link(None, None)


def _undo_entry(standing: Standing, episode_id: int, number: int) -> None:
    """An entry that should never have been: it goes, with what messages said after it, which is told again."""
    case = standing.fetch(episode_id)
    first = case.timeline.events[0].number
    while case.timeline.numbered(number) is not None and case.timeline.last.number != first:
        event = case.timeline.last
        if event.number not in standing.linked_numbers(case.episode) or event.number < number:
            return  # people have gone on from there: they are told that it does not fit
        standing.changing()
        amendments.cancel_event(
            standing.session, case.episode.uuid, event.number, by=standing.by, at=standing.at, reason=_CANCELLED
        )
        _unlink(standing, case.episode, event.number)
        case = standing.fetch(case.episode.id)
    if number == first and case.episode.state in IN_HOSPITAL:
        _undo_opening(standing, case)


def _undo_opening(standing: Standing, case: Case) -> None:
    episode = case.episode
    standing.changing()
    episodes.record_event(
        standing.session, episode.uuid, "episode_cancelled", by=standing.by, at=standing.at,
        effective_at=max(standing.at, case.timeline.last.effective_at), reason=_CANCELLED,
    )  # fmt: skip
    for number in standing.linked_numbers(episode):
        _unlink(standing, episode, number)
    if episode.previous_id is None:
        return
    standing.session.flush()
    before = standing.fetch(episode.previous_id)
    if before.timeline.last.trigger == "patient_readmitted":
        standing.changing()
        amendments.cancel_event(
            standing.session, before.episode.uuid, before.timeline.last.number, by=standing.by, at=standing.at,
            reason=_CANCELLED,
        )  # fmt: skip


def _unlink(standing: Standing, episode: Episode, number: int) -> None:
    for row in standing.rows.values():
        if (row.episode_id, row.entry_number) == (episode.id, number):
            row.link(None, None)
