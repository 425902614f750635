"""Beat goes on when somebody sets the clock."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery import Celery

from tasks.beat import Every, SteadyScheduler


class Steps:
    """The clock that nobody sets, as a test moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    clock = Steps()
    monkeypatch.setattr("tasks.beat.time", clock)
    return clock


class Sent(SteadyScheduler):
    """Writes down what it would send."""

    def setup_schedule(self) -> None:
        self.sent: list[str] = []
        super().setup_schedule()

    def apply_entry(self, entry: object, producer: object = None) -> None:
        self.sent.append(entry.name)  # type: ignore[attr-defined]


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(0), timedelta(hours=1)])
def test_a_clock_that_is_set_changes_nothing(steps: Steps, step: timedelta) -> None:
    app = Celery(broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {
        name: {"task": name, "schedule": Every(every)} for name, every in {"often": 5, "seldom": 60}.items()
    }
    with time_machine.travel(datetime(2026, 3, 12, 11, 0, tzinfo=UTC), tick=False) as wall:
        scheduler = Sent(app, lazy=False)

        def run(seconds: int) -> list[str]:
            before = len(scheduler.sent)
            for _ in range(seconds):
                while scheduler.tick() == 0:
                    pass
                steps.seconds += 1
                wall.shift(1)
            return sorted(scheduler.sent[before:])

        assert run(1) == ["often", "seldom"]
        assert run(60) == ["often"] * 12 + ["seldom"]
        wall.shift(step)
        assert run(60) == ["often"] * 12 + ["seldom"]
