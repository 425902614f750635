"""Tests of the second door: Celery and the sweeps."""
