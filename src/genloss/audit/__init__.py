"""What a corpus holds: pure functions from records to frozen results; it knows no page."""
