"""Targets that our runs miss, as is known: READMEs say by how much and why; no band was moved.

A miss may be met on another machine, where few chains decide; none may join them unsaid.
"""

MISSED = {
    "closed-loop-ngram": {"filter.helps", "filter.once", "filter.keeps"},
    "closed-loop-transformer": {"filter.helps", "filter.once", "filter.keeps", "tail.rare"},
    "dey-2024-augment": {"tumours.discard", "tumours.augment", "negative.tumours.discard"},
    "fortifai-2025": {"replace.confidence=0.1", "accumulate.confidence=0.1"},
    "grounded-rephrase": {"teacher.grounding", "own.does-not"},
    "hodel-2025-ecosystem": {"last.4-beats-one", "grows.modes", "symbols.last"},
}
"""Ids by experiment, at smoke scale."""
