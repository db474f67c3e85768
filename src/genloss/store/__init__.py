"""Run folders: what exists already, and how it came to be.

fingerprint   the identity of a run
files         atomic writes and arrays without pickle
folder        the layout of a run folder, its lock and its header
block         one block of chains: metrics table, kept generations, checkpoint
provenance    who ran what, when, with which versions
reader        a finished or running run, read back
"""
