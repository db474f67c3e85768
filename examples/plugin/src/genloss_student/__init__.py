"""Student's t for genloss."""
