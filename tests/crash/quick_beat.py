"""The installation's own beat, but what raises and tells every second: the short form need not wait for its round."""

from tasks.app import celery
from tasks.beat import Every

for name in ("raise_due", "deliver"):
    celery.conf.beat_schedule[name]["schedule"] = Every(1)
