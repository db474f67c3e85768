"""A scorer, records of known origin, and what may then be said of other records.

scoring      records become scored texts, batch by batch
generators   when a generator came out, and what counts as current
calibrating  a calibration from human records, tried on machine ones
tallies      counts of answers by origin and group, as records go by
tail_cost    which human words a filter would remove, by how frequent they are
detecting    a calibration asked about a corpus
findings     what came of it, as plain values
"""
