"""What a corpus holds: pure functions from records to frozen results; it knows no page.

conformal  thresholds for scorers, with stated promises
detection  calibrating a scorer on records, asking it about others, and what a filter would cost
scorers    scorers that need no network
selection  rules, policies and mixtures: which records may be trained on
share      how much of a corpus people, editors and machines wrote
profile  sizes, dates, licences, duplicates, rules, personal data, tails: audit.json
share    how much of it machines wrote, with intervals
profile    sizes, dates, licences, duplicates, rules, personal data, tails: audit.json
selection  rules, policies and mixes: which records are taken, and why
share      how much of it machines wrote, with intervals
"""
