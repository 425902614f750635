"""From what happened to whoever must know: the outbox, the inbox, and the letters that leave."""
