"""The pages of a handover."""
