"""The cluster with citizens on their way, in every state there is: what pages are opened on."""

from collections.abc import Sequence

from sqlalchemy import Engine, create_engine, update
from sqlalchemy.orm import Session as OpenSession

from ops.demo import cluster, loading, year
from ops.demo.lives import Plan
from tests.browser.pages import LOOKERS, acting
from tests.web.routes import a_citizen
from tests.web.test_signin import with_password
from workflow import clock, db, keys
from workflow.settings import Settings
from workflow.staff import people
from workflow.tables import Person


def build(settings: Settings, lives: Sequence[Plan]) -> Engine:
    """Write it into an empty database; this process is then connected to it as the web is, by what is returned."""
    keys.use(settings)
    as_sweep = create_engine(settings.database_url, connect_args=db.as_role(db.SWEEPS))
    with OpenSession(as_sweep) as session, session.begin():
        clock.start_demo(session, year.NOW)
        cluster.build(session)
        loading.register_newcomers(session)
        year.live_now(session, cluster.read(session), lives)
        session.execute(update(Person).values(toured=True))
    as_sweep.dispose()
    engine = db.connect(settings.database_url)
    a_citizen()
    with db.Session.begin() as session:
        people.add(session, "plejesystem", "Plejesystemet Demo", by=acting("admin"), is_system=True)
    for username in LOOKERS:
        with_password(username)
    return engine
