"""Who sees what, by the engine's lock and by PostgreSQL's; who looked; and what opens or shuts."""
