"""From prompts to continuations.

cache     keys and values: a prompt's once for all beams, those of what follows in slots
engine    a decoder that reads one token after another
scores    what is done to scores before a token is chosen
beam      beam search
sampling  draws by inverse distribution function
writer    Writer: prompts in, continuations out, in batches that fit
batches   batches of prompts side by side
"""
