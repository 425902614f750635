"""The pages of one citizen's episode."""
