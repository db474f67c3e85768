"""Specs: TOML in, objects out, and back again.

registry  the names that specs may use, and where their classes live
build     names and fields become objects; objects become names and fields again
toml      reading specs, key=value overrides, nearest names
code      digests of other people's code
imports   what a module imports, and the calls that bring in more
syntax    what of a module's source counts in its digest, and what is only words
loaded    the source that an imported module was made of
consent   whether a stored spec may name classes that are not ours
parts     every object that fills a role in a study
plugins   classes of other packages, by entry points
wording   what a field takes, and which names are near, in plain words
figures   the names of figures, ours and those of other packages
"""
