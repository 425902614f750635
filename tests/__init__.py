"""Every test; `make test` runs them against a real PostgreSQL and a real Valkey."""
