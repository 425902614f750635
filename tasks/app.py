"""The Celery application: a wake-up that is lost or comes twice changes nothing, so none is kept."""

import warnings
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init, worker_process_init

from tasks.beat import Every, SteadyScheduler
from workflow import db, installation, keys
from workflow.seeing import masking
from workflow.settings import Settings

# Seconds between two runs of a sweep.
SCHEDULE = {
    "raise_due": 5,
    "deliver": 5,
    "apply_agreements": 10,
    "follow_register": 5,
    "messages": 5,
    "reconcile": 60,
    "heartbeat": 10,
    "seal_log": 30,
    "keep_log": 3600,
    "forget_answers": 3600,
    "audit_log": 4 * 3600,
}

masking.install()
settings = Settings.from_environment()

# It warns root of messages that run code. Ours are JSON, and none has arguments.
warnings.filterwarnings("ignore", message="You.re running the worker with superuser")

celery = Celery("overgang", broker=settings.redis_url)
celery.conf.update(
    enable_utc=True,
    task_ignore_result=True,  # no result backend: what a sweep did is in the database
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_soft_time_limit=50,
    task_time_limit=60,  # seconds; under the visibility timeout, so that a sweep in hand is not handed out again
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=5,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 120,
        # The defaults look for lost messages once in 100 s; these, every 5 s.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 10,
    },
    accept_content=["json"],
    beat_scheduler=SteadyScheduler,
    beat_schedule={
        name: {
            "task": f"tasks.sweeps.{name}",
            "schedule": Every(every),
            "options": {"expires": 10},
        }  # missed ticks do not pile up
        for name, every in SCHEDULE.items()
    },
)


@worker_init.connect
@beat_init.connect
def look_whose_database_it_is(**_: Any) -> None:
    """Look before anything is done: a worker or beat with other keys, or of another kind, ends with a sentence."""
    keys.use(settings)
    engine = db.connect(settings.database_url, role=db.SWEEPS, pool_size=1)
    installation.require_at_start(settings)
    engine.dispose()


@worker_process_init.connect
def connect_after_fork(**_: Any) -> None:
    """Each process of the pool has connections of its own: a socket shared over a fork mixes two conversations."""
    keys.use(settings)
    db.connect(settings.database_url, role=db.SWEEPS, pool_size=2)
