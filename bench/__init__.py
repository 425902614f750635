"""What it costs: the engine against plain SQL, in the same run on the same machine."""
