"""What a corpus is like, from one pass over its records and a sample of its texts.

options        what an audit is asked
audit          the pass: records in, one dictionary of numbers out (audit.json)
by_shards      the same pass as jobs on shards
tally          sizes, sources, dates, licences, origins: counted over all records
sketches       counts in bounded memory, with stated errors beyond their limits
sample         a sample of the texts in bounded memory, by their ids
duplicates     exact and near duplicates
overlap        runs of words that evaluation sets hold too
languages      which languages the sample is in
rules          rules against spam and boilerplate, and whom they hit by mistake
personal       addresses, numbers and names of people: counted, masked
younger        words that are younger than the date a text claims
words          the words of a text; their frequencies
tails          words by band of frequency, against a reference; missing mass
diversity      distinct runs of words at equal size, beside the noise of random halves
detector       what a calibrated detector flags, by group, and the share that it tells
drift          which shares changed since an earlier audit
snapshot       a sample as five numbers a text, kept to compare a later one with
distances      how far two snapshots are apart, beside what chance alone would do
proportions    shares with intervals
"""
