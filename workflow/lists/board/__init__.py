"""The board: which episodes need somebody of my units, in the order of their time, and what each needs next."""
