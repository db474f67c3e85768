"""Commands on a corpus: `genloss corpus`.

app        the commands
audit      what `genloss corpus audit` does and says
calibrate  what `genloss corpus calibrate` does and says
card       what `genloss corpus card` does and says
curate     what `genloss corpus curate` does and says
dedup      what `genloss corpus dedup` does and says
demo       the audit of what the tour wrote
detect     what `genloss corpus detect` does and says
jobs       where jobs on shards run
mix        what `genloss corpus mix` does and says
options    what several of them take
read       what `genloss corpus read` does and says
share      what `genloss corpus share` does and says
trace      what `genloss corpus trace` does and says
verify     what `genloss corpus verify` does and says
"""
