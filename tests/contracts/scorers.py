"""Scorers of the contract table: the fields with which each is tried, and where most are held."""

from typing import Any

SCORERS: list[tuple[str, dict[str, Any]]] = [
    ("green_list", {"key": "k"}),
    ("ngram_cross_entropy", {"texts": "labelled.jsonl"}),
    ("linear_features", {"texts": "labelled.jsonl"}),
    ("function", {"path": "package.module:name"}),
    ("binoculars", {"performer": "somebody/some-model"}),
    ("synthid", {"keys": [7, 11, 13]}),
]

OF_TEXTS = "reads a file or a function: tests/audit/scorers/test_scorers.py"
OF_MODELS = "needs a base: tests/models/torch/lm/detection"

SCORERS_ELSEWHERE = {
    "ngram_cross_entropy": OF_TEXTS,
    "linear_features": OF_TEXTS,
    "function": OF_TEXTS,
    "log_perplexity": OF_MODELS,
    "log_rank": OF_MODELS,
    "curvature": OF_MODELS,
    "binoculars": OF_MODELS,
    "kgw": OF_MODELS,
    "synthid": OF_MODELS,
}
