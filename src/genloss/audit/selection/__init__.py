"""What may be trained on: rules over records, a policy of one's own, mixtures with exact counts.

rules     conditions over fields, attributes and dates; rules and their file
plain     rules as plain values, and back
policy    allowed, refused or unknown, each with its ground
bands     how common the words of a text are
funnel    what every rule refuses, by origin and band
judging   jobs that put a shard through rules, and find how rare its words are
curation  a corpus through its rules, shard by shard, to files that name how they came about
mixture   parts, weights, floors and a budget, and the counts that follow
choosing  jobs that find the records of a shard, and leave those that are drawn
drawing   the records of a mixture, shard by shard
parts     the folder of parts beside an output, and digests of inputs
"""
