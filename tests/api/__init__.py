"""The interface for programs, and the calendar."""
