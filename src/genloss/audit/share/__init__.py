"""Human, edited and machine share of a corpus, with intervals that hold calibration error.

Scores are numbers per text, higher for more machine-like; calibration texts are of known origin.

unified.py   intervals of a share in [0, 1], never empty, by inversion of a test
contrast.py  a bounded function of the score that tells the two laws apart, fitted on other texts
pair.py      human and reference machine texts: the share, and each generator left out
bound.py     human texts only: a lower bound
ternary.py   human, edited, machine: a region, or "edited not identified"
words.py     the second estimator: word occurrences by maximum likelihood
shift.py     alarms: are scores and lengths a mixture of the calibrated laws?
wording.py   an alarm over many features at once: do common words and marks occur as in a mixture?
power.py     what alarms would see in a corpus of this size
judged.py    texts with scores, and whose texts are alike
independent.py  one text of every unit, for what takes independent texts
findings.py  all of it, in the mode that calibration texts allow
groups.py    share by source, domain or month, simultaneously
corrected.py a counted rate, corrected for known error rates
"""
