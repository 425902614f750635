"""What monitoring reads: the figures of operation from the database, and how long our answers take.

Figures come from the database, so every web process gives the same. Requests are counted in each process; where
PROMETHEUS_MULTIPROC_DIR names a folder, emptied by whoever starts the processes, they are added up over all of them.
"""

import os
import time
from collections.abc import Iterator

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from web.ground import rules
from web.running import health
from web.running.health import Condition
from workflow.figures import Figures

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
OWN = CollectorRegistry()
REQUESTS = Histogram(
    "overgang_http_request_seconds",
    "Time to answer, by route and status.",
    ("method", "route", "status"),
    registry=OWN,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"overgang_{name}", says, value=value)


class Operation(Collector):
    """One look at the installation, as metrics. What nobody knows is left out, never nought."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition

    def collect(self) -> Iterator[Metric]:
        now = self.condition
        yield gauge("ready", "1 when every part can do its work.", now.ready)
        yield gauge("database_up", "1 when the database answers.", now.database.came)
        yield gauge("broker_up", "1 when the broker answers.", now.broker.came)
        if now.left_lying is not None:
            yield gauge("gateway_files_left", "Files of the message gateway not taken in.", len(now.left_lying))
        if now.schema_at_head is not None:
            yield gauge("schema_at_head", "1 when the tables are those of this program.", now.schema_at_head)
        if now.figures is not None:
            yield from self.of_the_work(now.figures)

    def of_the_work(self, figures: Figures) -> Iterator[Metric]:
        unraised, outbox = figures.unraised, (("routing", figures.unrouted), ("sending", figures.unsent))
        yield gauge("deadlines_unraised", "Rungs that are due and not raised.", unraised.count)
        yield gauge(
            "deadlines_unraised_oldest_seconds", "How late the oldest of them is.", unraised.oldest.total_seconds()
        )

        depth = GaugeMetricFamily("overgang_outbox_depth", "Notices that have not left.", labels=("step",))
        age = GaugeMetricFamily("overgang_outbox_oldest_seconds", "How long the oldest has waited.", labels=("step",))
        for step, backlog in outbox:
            depth.add_metric((step,), backlog.count)
            age.add_metric((step,), backlog.oldest.total_seconds())
        yield from (depth, age)
        yield gauge("dead_letters", "Notices that could not be delivered and wait for a person.", figures.dead)
        if figures.last_count is not None:
            yield gauge("faults", "What must be nought, when it was last counted.", figures.last_count.done)

        misses = GaugeMetricFamily("overgang_misses", "Misses of the last seven days that stand.", labels=("code",))
        for code, count in figures.misses.items():
            misses.add_metric((code.value,), count)
        yield misses

        beats = GaugeMetricFamily(
            "overgang_heartbeat_timestamp_seconds", "Last sign of life, by part.", labels=("part",)
        )
        for part, at in figures.heartbeats.items():
            beats.add_metric((part,), at.timestamp())
        yield beats

        last = GaugeMetricFamily(
            "overgang_sweep_last_run_timestamp_seconds", "Start of the last run.", labels=("sweep",)
        )
        took = GaugeMetricFamily("overgang_sweep_last_run_seconds", "How long it took.", labels=("sweep",))
        done = GaugeMetricFamily(
            "overgang_sweep_last_run_done", "What it did: rows raised, sent or found.", labels=("sweep",)
        )
        total = CounterMetricFamily("overgang_sweep_done", "What all its runs did.", labels=("sweep",))
        for sweep in figures.sweeps:
            last.add_metric((sweep.name,), sweep.started_at.timestamp())
            took.add_metric((sweep.name,), sweep.seconds)
            done.add_metric((sweep.name,), sweep.done)
            total.add_metric((sweep.name,), sweep.total)
        yield from (last, took, done, total)


def of_requests() -> CollectorRegistry:
    """The requests of all processes where they share a folder, else of this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return OWN
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
    return everyone


def register(app: Flask) -> None:
    """Time every answer, and tell at `/metrics`."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def observe(answer: Response) -> Response:
        method = request.method if request.method in METHODS else "other"
        route = request.url_rule.rule if request.url_rule else "none"
        REQUESTS.labels(method, route, answer.status_code).observe(time.perf_counter() - g.started)
        return answer

    @app.get("/metrics")
    @rules.public
    def metrics() -> Response:
        work = CollectorRegistry()
        work.register(Operation(health.look()))
        return Response(generate_latest(work) + generate_latest(of_requests()), content_type=CONTENT_TYPE_LATEST)
