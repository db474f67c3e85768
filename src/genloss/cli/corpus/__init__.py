"""Commands on a corpus: `genloss corpus`.

app      the commands
options  what several of them take
read     what `genloss corpus read` does and says
share    what `genloss corpus share` does and says
verify   what `genloss corpus verify` does and says
"""
