"""Running studies: one block of chains, what it keeps, all blocks here or in workers.

block       one block of chains from its last checkpoint to the end
keeping     what stays on disk of a generation
threads     the threads that a block's networks compute on
runner      all blocks of several studies, here or in worker processes
"""
