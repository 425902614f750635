"""The commands of the processes of an installation: the launcher runs them here, docker-compose.yml elsewhere."""

from __future__ import annotations

import sys


def migrate() -> list[str]:
    """What brings the schema up to date, and ends."""
    return [sys.executable, "-m", "ops.cli", "migrate"]


def web(host: str, port: int) -> list[str]:
    """The pages and the API: two processes of four threads."""
    return [
        *(sys.executable, "-m", "granian"),
        "--interface=wsgi",
        f"--host={host}",
        f"--port={port}",
        "--workers=2",
        "--blocking-threads=4",
        "--respawn-failed-workers",
        "--respawn-interval=1",
        "--workers-kill-timeout=5",
        "--log-level=warning",
        "web.wsgi:app",
    ]


def worker() -> list[str]:
    """What carries out the sweeps."""
    return [
        *(sys.executable, "-m", "celery"),
        "--quiet",
        "--app=tasks.app",
        "worker",
        "--include=tasks.sweeps",  # beat wakes them by name, and waits for none of what they need
        "--concurrency=2",
        "--loglevel=warning",
        "--without-gossip",
        "--without-mingle",
    ]


def beat() -> list[str]:
    """What wakes the sweeps. It remembers nothing: a sweep that came too often finds nothing to do."""
    return [
        *(sys.executable, "-m", "celery"),
        "--quiet",
        "--app=tasks.app",
        "beat",
        "--pidfile=",
        "--loglevel=warning",
    ]
