"""What a corpus holds: pure functions from records to frozen results; it knows no page.

conformal  thresholds for scorers, with stated promises
dedup      exact and near duplicates of corpora of any size, shard by shard
detection  calibrating a scorer on records, asking it about others, and what a filter would cost
profile    sizes, dates, licences, duplicates, rules, personal data, tails: audit.json
scorers    scorers that need no network
selection  rules, policies and mixtures: which records may be trained on
shards     work on a corpus of any size: jobs on shards that leave files
share      how much of a corpus people, editors and machines wrote
"""
