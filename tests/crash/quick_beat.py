"""The installation's own beat, every second: so the short form need not wait for each sweep to come round."""

from tasks.app import celery
from tasks.beat import Every

for entry in celery.conf.beat_schedule.values():
    entry["schedule"] = Every(1)
