"""Before a run: its steps, sizes, time and disk.

cost           the plan of a study
sweep_cost     the plan of a sweep
timing         its first generations, timed on as few rows as a budget allows
observed       what they show beside their time
extrapolation  from a few timings to all generations
advise         how much real data is needed
"""
