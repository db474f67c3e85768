"""genloss."""
