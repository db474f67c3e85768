"""What the numbers of a run say: closed forms, targets, intervals.

predictions the closed forms that apply to a study: the dashed lines
expected    what theory expects of a study: the numbers that targets are held against
targets     published numbers beside ours, pass or fail
intervals   bands and intervals over chains
"""
