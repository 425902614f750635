"""Random walks over the engine: whatever people and messages do, in whatever order, the promises hold after every step."""
