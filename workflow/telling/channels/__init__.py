"""The ways out: what carries a letter to one address. A new one is a file here and a line in `tasks/channels.py`."""
