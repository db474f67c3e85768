"""Every target of every published experiment looks where something is measured, and is met."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from genloss.judge.expected import expected_value
from genloss.judge.targets import Bounds, Law, as_table, check_measured, target_from
from genloss.published.experiments import load_experiment, published_folder, published_names
from genloss.published.reproduce import reproduce
from genloss.published.scales import PRETRAINED, SCALES

from .misses import MISSED

NAMES = published_names()
CASES = [(name, scale) for name in NAMES for scale in SCALES]
CASES += [("shumailov-2024-opt", PRETRAINED)]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(case))
def experiment(request):
    return load_experiment(*request.param)


def test_every_target_is_measured_where_it_looks(experiment):
    assert experiment.targets
    for target in experiment.targets:
        check_measured(target, experiment.studies)
        assert len(target.source) > 10, target.id


@pytest.mark.parametrize("name", NAMES)
def test_every_law_gives_a_finite_number(name):
    experiment = load_experiment(name, "laptop")
    for target in experiment.targets:
        if isinstance(target.band, Law | Bounds):
            study = experiment.studies[target.at.run]
            sides = [side for side in vars(target.band).values() if side is not None]
            assert np.isfinite([expected_value(side, study) for side in sides]).all(), target.id


FROZEN = Path(__file__).parents[1] / "golden" / "targets-2026-11.json.gz"
"""The targets as they were written out one by one, before one entry stood for several."""

OLD = sorted(json.loads(gzip.decompress(FROZEN.read_bytes())))
"""The experiments that there were then."""

RENAMED = {"high_perplexity_tail": "perplexity_tail[high]"} | {
    f"{score}({option})": f"manifold({option})[{score}]"
    for score in ("precision", "recall")
    for option in ("features=classifier", "rows=500", "rows=250")
}
"""Metrics that are called otherwise since: old name to new name."""

MOVED = (
    (
        "alemohammad-2023-mnist",
        ("unbiased.fid", "unbiased.precision", "guided.precision", "guided.recall"),
        {3: 2},
    ),
    ("bohacek-2023-healing", ("collapse", "heals", "returns"), {4: 3, 5: 4, 8: 6}),
    ("shumailov-2024-opt", ("tiny.a", "tiny.b"), {3: 2}),
    ("shumailov-2024-vae", ("spread.falls", "spread.rows", "classes", "real"), {6: 5}),
    ("shumailov-2024-vae", ("accumulate",), {5: 2}),
)
"""Targets of the smoke scale that look at earlier generations since: which became which."""


def shortened(name, target):
    bare = target["id"].removesuffix(".smoke")
    smoke = "smoke" in target.get("scales", ())
    [now] = [m for n, ids, m in MOVED if smoke and n == name and bare in ids] or [{}]

    def earlier(value):
        if not isinstance(value, dict):
            return value
        return {k: now.get(v, v) if k == "t" else earlier(v) for k, v in value.items()}

    def said(match):
        return f"generation {now.get(int(match[1]), match[1])}"

    return earlier(target) | {"what": re.sub(r"generation (\d+)", said, target["what"])}


def renamed(value):
    if isinstance(value, dict):
        return {k: RENAMED.get(v, v) if k == "metric" else renamed(v) for k, v in value.items()}
    return value


@pytest.fixture(scope="module")
def frozen():
    found = json.loads(gzip.decompress(FROZEN.read_bytes()))
    assert sum(map(len, found.values())) == 533
    return found


@pytest.mark.parametrize("name", OLD)
def test_entries_expand_to_the_targets_that_were_written_out_field_by_field(frozen, name):
    for scale in SCALES:
        written = [t for t in frozen[name] if scale in t.get("scales", SCALES)]
        written = [shortened(name, t) for t in written]
        old = [renamed({k: v for k, v in t.items() if k != "scales"}) for t in written]
        right = {t["id"]: as_table(target_from(t, "frozen")) for t in old}
        found = {t.id: as_table(t) for t in load_experiment(name, scale).targets}
        # As text, so that 1 and 1.0 differ.
        assert {k: json.dumps(v, sort_keys=True) for k, v in found.items()} == {
            k: json.dumps(v, sort_keys=True) for k, v in right.items()
        }


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_is_described(name):
    assert (published_folder() / name / "README.md").stat().st_size > 1000


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_meets_its_targets_at_smoke_scale(name, tmp_path):
    """One by one; the test of `genloss demo`, which CI runs, holds the targets of all together."""
    _, verdicts = reproduce(load_experiment(name, "smoke"), tmp_path, workers=1)
    known = MISSED.get(name, set())
    assert [v.full() for v in verdicts if not v.passed and v.full()["id"] not in known] == []


@pytest.mark.parametrize("name", MISSED)
def test_what_is_missed_is_a_target_and_is_told(name):
    assert MISSED[name] <= {target.id for target in load_experiment(name, "smoke").targets}
    assert "miss" in (published_folder() / name / "README.md").read_text()
