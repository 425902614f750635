"""A plain process that records one event: `python -m tests.crash.writer EPISODE TRIGGER`."""

import sys
from uuid import UUID

from workflow import clock, db, episodes, keys
from workflow.actor import SYSTEM
from workflow.settings import Settings


def main() -> None:
    settings = Settings.from_environment()
    keys.use(settings)
    db.connect(settings.database_url, role=db.SWEEPS)
    with db.Session.begin() as session:
        episodes.record_event(session, UUID(sys.argv[1]), sys.argv[2], by=SYSTEM, at=clock.now(session))


if __name__ == "__main__":
    main()
