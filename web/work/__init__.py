"""The pages of a unit's day: the board, tasks, inbox and places."""
