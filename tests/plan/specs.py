"""Specs that several tests of advice ask about."""

GAUSSIAN = {
    "name": "line",
    "reality": {"kind": "gaussian", "d": 8},
    "learner": {"kind": "gaussian", "ddof": 1},
    "form": "moments",
    "n_real": 100,
    "generations": 5,
    "chains": 60,
    "metrics": ["squared_mean_error", "trace_ratio"],
}
