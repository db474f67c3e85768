"""The collapse profile: eight verdicts on a run, each yes, no or cannot tell.

intervals   a share of a gap, a ratio or a difference of run and control, with an interval
evidence    what a verdict rests on: the values of one metric in a run and its control
verdicts    the eight verdicts, their thresholds, and early and late collapse
enough      how many chains or generations would decide a verdict that cannot tell
divergence  the third verdict: a limit by closed form, else what the run shows so far
trivial     what a predictor scores that has learnt nothing
scaling     the fourth verdict: errors over sizes, of runs and their controls
limits      what closed forms say of the risk as t grows
beside      one column of a run beside its control
groups      shares of named groups, and whether they are lost
sizes       runs that differ in size alone, for the fourth verdict
of_run      the profile of a stored run
words       a profile in a sentence or two
alarm       which metric moves first: a simultaneous band round the control
"""
