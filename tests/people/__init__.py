"""People, their roles, and how they show who they are."""
