"""A server under a steady load for long: what it is sent, what is seen of it, and whether any of that grows."""
