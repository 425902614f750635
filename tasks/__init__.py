"""The second door: what the clock does. Celery carries wake-ups; what may not be lost is in PostgreSQL."""
