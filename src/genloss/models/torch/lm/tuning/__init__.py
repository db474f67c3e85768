"""From rows to weights.

portions       the loss of a batch, some rows at a time, in one process or several
fitting        checks, feeds, held-out loss, chain after chain
launch         a fit in several processes, by Accelerate
job            what those processes get
memory_needed  how many rows fit into memory
worker         what one of them does
"""
