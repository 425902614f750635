"""How the system is: its health in words and in figures."""
