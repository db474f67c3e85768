"""What the numbers of a run say: estimates, closed forms, targets, verdicts.

predictions   the closed forms that apply to a study: the dashed lines
regression_lines  those of linear regression
entering      whether a curator leaves what trains as it was
expected      what theory expects of a study: the numbers that targets are held against
targets       what was published, where we measure it, and the band that decides
controls      a run beside what the same learner reaches on real rows
excess        how far it is from there and from generation 0; the noise of a metric
verdicts      targets judged: pass or fail
estimates     quantiles, ranges, intervals and waiting times over chains: pure functions, the one
              copy
statistics    what targets measure over chains, each with its standard error
theory_lines  what is expected of a stored run, computed once
profile       the collapse profile: eight verdicts on a run, and which metric moves first
forecast      generation N from the first ones: by theory, or by rates
"""
