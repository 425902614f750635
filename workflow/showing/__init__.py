"""What is shown of one episode: its story, its path, what must be done, and whom to ring."""
