"""Exact and near duplicates of a corpus of any size, as jobs on shards that leave files.

options      what near means, and how large a shard is
minhash      from a text to the keys of its bands
whole        what is known once all shards are read
shard        job: the records of a shard, their ids and band keys
groups       job: the records that share a key, for a part of the keys of one band
components   job: who is kept and who is a duplicate of whom
parting      job: the kept records of a shard, and the removed ones
deduplicate  the jobs in their order
"""
