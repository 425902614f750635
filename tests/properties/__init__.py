"""Random walks over the engine: whatever is done, in whatever order, the promises hold after every step."""
