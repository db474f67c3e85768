"""Before a run: its steps, sizes, time and disk."""
