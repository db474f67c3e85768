"""A study: everything one run is, and what makes one.

study      Study: one run, typed and frozen; a study from a spec, and its identity
load       a study from a spec file, a run folder or a text
own_text   the spec for a text of your own
own_model  the part of that spec that a language model decides
"""
