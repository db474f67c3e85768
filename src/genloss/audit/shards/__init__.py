"""Work on a corpus by shards: jobs that know nothing of one another and leave files.

job     what the work on one shard is, and who does it
plan    the shards of a corpus, each by the digest of all that its result depends on
arrays  arrays in files, read by slices
"""
