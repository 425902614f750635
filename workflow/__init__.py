"""The engine: who has the responsibility now, what must happen next, and by when."""
