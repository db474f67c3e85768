"""What generation N of a run will show, from its first generations.

forecasts     of a stored run: what is asked, what is refused, and what is unreliable
reliability   what scoring left in doubt
rates         models of how a metric goes on, fitted and averaged
predictive    quantiles of what they say together
"""
