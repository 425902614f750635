"""The handover from one unit to the next: what it tells, what is carried over, who accepts it."""
