"""Run folders: what exists already, and how it came to be.

fingerprint    the identity of a run
files          atomic writes, never through a link
folder         the layout of a run folder, and how one begins
block          writing one block of chains
provenance     who ran what, when, with which versions
reader         a finished or running run, read back
about          about.json: what the parts of a run said of themselves
arrays         arrays as safetensors
digest_chain   lines, each with the digest of all before it
links_loop     its check in a compiled loop, for many short lines
numbers_loop   their numbers, read in a compiled loop
environment    versions, commit and instruction set of this process
header         run.json, and what it means to be the same run
lock           one writer for each folder
machine_file   machine.json: absolute paths and the command line
manifest       manifest.json: vouches for everything else in a block
notebook_html  a run and a series as small tables in notebooks
output         where commands write what a user asked for
parts          the parts of a kept generation, packed and unpacked
same_code      what happens to a run that other code wrote
schema         what a JSON file must look like
series         one metric over generations and chains
table          metrics.jsonl: a line per generation and metric
removal        runs and sweeps that may go
summaries      what is listed of runs, and an index of it
sweep          sweep.json: the runs of a sweep, and what varies
theory_file    theory.json: dashed lines, computed once
bucket         a store of objects that machines share
published      a block in a bucket: immutable objects, and a manifest with owner and epoch
lease          one driver for each bucket
verify         every file of a run against what vouches for it
"""
