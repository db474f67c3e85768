"""A study: everything one run is, and what makes one.

study      Study: one run, typed and frozen; a study from a spec, and its identity
load       a study from a spec file, a run folder or a text
grid       what varies: one table that stands for many specs
controls   the same learner on real rows alone
sweep      Sweep: many studies that differ in some fields
own_text   the spec for a text of your own
canary     what a base says of a known text, before a long run
fetch      a base model into the cache, once
own_model  the part of that spec that a language model decides
"""
