"""From rows to weights.

objective   what is minimised: nats per token that has a context
room        how many rows fit into memory
portions    the loss of a batch, some rows at a time, in one process or several
fitting     checks, feeds, held-out loss, chain after chain
launch      a fit in several processes, by Accelerate; job: what they get, worker: what they do
"""
