"""What a unit has before it: the pages of many rows, and what is counted on them."""
