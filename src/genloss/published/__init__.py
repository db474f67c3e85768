"""The experiments shipped with the package, one folder each, and the tour of all of them.

experiments what a folder holds, as studies and targets
grid        entries that vary, and the keys that they may have
reproduce   run an experiment's studies, judge its targets
tour        the demo's own studies and every experiment at smoke scale, in one report
"""
