"""Who may see what of a citizen, and what is written down of every look."""
