"""What a corpus holds: pure functions from records to frozen results; it knows no page.

conformal  thresholds for scorers, with stated promises
scorers    scorers that need no network
"""
