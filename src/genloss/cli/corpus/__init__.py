"""Commands on a corpus: `genloss corpus`.

app      the commands
options  what several of them take
curate   what `genloss corpus curate` does and says
mix      what `genloss corpus mix` does and says
read     what `genloss corpus read` does and says
share    what `genloss corpus share` does and says
verify   what `genloss corpus verify` does and says
"""
