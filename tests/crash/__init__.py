"""Kill anything, at any moment: no reminder is lost, and none is raised twice."""
