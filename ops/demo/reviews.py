"""What the managers of the demonstration found when they reviewed what was missed."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from ops.demo.cluster import Cluster
from workflow import calendar
from workflow.seeing import reviews, sight
from workflow.seeing.sight import Sight
from workflow.tables import Miss, Person, Unit
from workflow.vocabulary import Cause, Role, Verdict

REVIEWED_AFTER = timedelta(days=5)
SEED = 12
# What is found, how often of a hundred, and what was learned from it.
FOUND = (
    (Cause.COMMUNICATION, 26, "Vi aftaler ved udskrivningen, hvem der ringer, og hvornår."),
    (Cause.RESPONSIBILITY, 20, "Opgaven får en fast ansvarlig ved vagtskiftet."),
    (Cause.ORGANISATION, 18, "I weekenden ringer den, der har ledervagten."),
    (Cause.INFORMATION, 14, "Afsnittets direkte nummer står nu i overleveringen."),
    (Cause.SURROUNDINGS, 9, "Telefonen på afsnittet er skiftet; den virkede ikke."),
    (Cause.TEAM_AWARENESS, 7, "Opkaldene gennemgås på tavlemødet kl. 8.15."),
    (Cause.PROFESSIONALISM, 4, "Nye kolleger oplæres i det opfølgende opkald."),
    (Cause.CULTURE, 2, "Vi ringer, selv om alt ser roligt ud."),
)
EXCUSED = "Afsnittet var evakueret, og telefonerne var lukket."


def write(session: Session, cluster: Cluster, *, now: datetime) -> None:
    """Review most of what was missed, each some days after it was due; what is new, and some that is old, is open."""
    rng, sights = Random(SEED), dict[int, Sight]()
    whose = {person.id: person.uuid for person in session.scalars(select(Person))}
    missed = select(Miss, Unit).join(Unit, Unit.id == Miss.owing_unit_id).where(Miss.due_at < now - REVIEWED_AFTER)
    for miss, unit in session.execute(missed.order_by(Miss.due_at, Miss.id)).all():
        managers = [one for one in cluster.staff.get(unit.name, []) if Role.MANAGER in one.roles]
        looked_on = calendar.local(miss.due_at).date() + timedelta(days=rng.randint(1, 9))
        at, chance = calendar.at_clock(looked_on, time(rng.randint(9, 14), rng.randint(0, 59))), rng.random()
        cause, _, learned = rng.choices(FOUND, [often for _, often, _ in FOUND])[0]
        if not managers or at > now or chance > 0.9:
            continue
        by, closed = managers[0], chance < 0.75
        seen = sights.setdefault(unit.id, sight.open(session, by, at=at))
        reviews.write(
            session, seen, miss.uuid, after=0, assigned_to=None if closed else whose[by.person_id or 0],
            cause=cause, learning=learned if closed else "", closed=closed, at=at,
        )  # fmt: skip
        if closed and rng.random() < 0.12:
            reviews.say_reported(session, seen, miss.uuid, after=1, reported=rng.random() < 0.6, at=at)
        if rng.random() < 0.05:
            reviews.judge(session, seen, miss.uuid, Verdict.EXCUSED, EXCUSED, at=at)
