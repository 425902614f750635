"""The steps of a discharge, taken by systems over the interface."""

from dataclasses import dataclass
from typing import Any

from tests.api.conftest import NAME, NUMBER, Programs
from tests.world import ISBAR, World

CITIZEN = {"cpr": NUMBER, "name": NAME, "municipality": "0730"}


@dataclass
class Story:
    """One citizen's way, as far as a test takes it."""

    programs: Programs
    world: World

    def opened(self, **more: Any) -> str:
        """The ward's system admits the citizen; returns the episode."""
        said = {
            "citizen": CITIZEN, "pathway": "home", "way_in": "admission", "ward": str(self.world.ward.uuid),
            "district": str(self.world.district.uuid), **more,
        }  # fmt: skip
        answer = self.programs["ward"].post("/episodes", said)
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def to_hotel(self) -> str:
        """The coordinator's system chooses Tryghedshotellet."""
        episode = self.opened()
        way = {"pathway": "tryghedshotel", "facility": str(self.world.facility.uuid)}
        answer = self.programs["coordination"].post(f"/episodes/{episode}/way", way)
        assert answer.status_code == 200, answer.json
        return episode

    def sent(self) -> tuple[str, str]:
        """The ward's system sends the handover; returns episode and handover."""
        episode = self.to_hotel()
        answer = self.programs["ward"].post(f"/episodes/{episode}/handovers", {"content": ISBAR})
        assert answer.status_code == 200, answer.json
        return episode, str(answer.json["id"])

    def discharged(self) -> tuple[str, str]:
        """The coordinator's system says that the citizen was discharged."""
        episode, handover = self.sent()
        answer = self.programs["coordination"].post(f"/episodes/{episode}/events", {"trigger": "patient_discharged"})
        assert answer.status_code == 200, answer.json
        return episode, handover

    def call(self) -> tuple[str, str]:
        """Accepted by the hotel's system; returns episode and follow-up call."""
        episode, handover = self.discharged()
        assert self.programs["hotel"].post(f"/handovers/{handover}/reading").status_code == 200
        accepted = self.programs["hotel"].post(f"/handovers/{handover}/acceptance", {"version": 1})
        assert accepted.status_code == 200
        tasks = self.programs["hotel"].get("/tasks").json["items"]
        return episode, str(next(task["id"] for task in tasks if task["kind"] == "follow_up_call"))
