"""From a spec to a finished run folder.

study       Study: one run, typed and frozen
catalog     the names that specs may use, and where their classes live
build       names and fields become objects; objects become names and fields again
toml        reading specs, key=value overrides, nearest names
plan        steps, sizes, time and disk before anything runs
laws        the closed forms that apply to a study: the dashed lines
block_run   one block of chains from its last checkpoint to the end
runner      all blocks of several studies, here or in worker processes
published   the experiments shipped with the package
targets     published numbers beside ours, pass or fail
"""
