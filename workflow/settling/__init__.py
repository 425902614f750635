"""The parts of settling: each brings one kind of row into line with what has happened."""
