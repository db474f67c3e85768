"""The experiments shipped with the package, one folder each, and the tour of all of them.

target_entries  the targets of a folder, from entries that vary
scales          at which sizes an experiment runs
reproduce       run an experiment's studies, judge its targets
tour            the demo's own studies and every experiment at smoke scale, in one report
experiments     what a folder holds, as studies and targets
"""
