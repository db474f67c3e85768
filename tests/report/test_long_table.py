"""The long table: every value once, to the bit, in every kind of file."""

import csv
import json
import os

import numpy as np
import pyarrow.parquet
import pytest

from genloss.core.over_chains import MEDIAN
from genloss.errors import SpecError, StoreError
from genloss.judge.estimates import median_interval
from genloss.report.long_table import LongTable
from genloss.report.over_chains import OverChains
from genloss.report.table_files import columns, rows, write_table
from genloss.store.block import BlockStore, Checkpoint
from genloss.store.folder import block_path, create_or_match, run_path
from genloss.store.header import Header
from genloss.store.manifest import Machine
from genloss.store.reader import Run
from genloss.store.table import absent_row, metric_row
from genloss.store.theory_file import TheoryLine

from .conftest import decay, make_run

LAW = {"trace_ratio": TheoryLine("law", MEDIAN, (0, 3), (1.0, 0.5))}


@pytest.fixture
def pair(tmp_path) -> LongTable:
    """Two runs, one of them in two blocks, that differ in n_real and the regime."""
    values = decay(3, 4)
    values[2, 1] = np.inf
    one = make_run(tmp_path, "one", metrics={"trace_ratio": values}, theory=LAW, blocks=2)
    more = {"regime": {"kind": "fresh", "n_real": 3}, "n_real": 7}
    two = make_run(tmp_path, "two", metrics={"kl": decay(3, 2)}, absent={"fid": "none"}, **more)
    return LongTable([one, two])


def test_every_value_is_one_row(pair):
    names = columns(pair)
    found = [dict(zip(names, row, strict=True)) for row in rows(pair)]
    assert len(found) == 4 * 4 + 4 * 2
    assert {"run", "n_real", "regime", "regime.n_real"} <= set(names)
    for row in found:
        run = pair.runs[pair.names.index(row["run"])]
        series = run.series[row["metric"]]
        value = series.values[series.t.tolist().index(row["generation"]), row["chain"]]
        assert row["value"] == value
        assert row["n_real"] == run.spec["n_real"]
        assert row["regime.n_real"] == (3 if row["metric"] == "kl" else None)
    laws = {row["generation"]: row["theory"] for row in found if row["metric"] == "trace_ratio"}
    assert laws == {0: 1.0, 1: None, 2: None, 3: 0.5}
    over = {row["generation"]: row["theory_for"] for row in found if row["metric"] == "trace_ratio"}
    assert over == {0: "median", 1: None, 2: None, 3: "median"}
    assert {row["theory_for"] for row in found if row["metric"] == "kl"} == {None}


def test_chains_are_taken_together_over_blocks(tmp_path):
    """One row for each generation, with the median of all chains and its interval."""
    values = decay(3, 8) * np.random.default_rng(0).uniform(0.5, 2, (4, 8))
    values[1, 3] = np.inf
    many = make_run(tmp_path, "many", metrics={"trace_ratio": values}, theory=LAW, blocks=2)
    few = make_run(tmp_path, "few", metrics={"trace_ratio": decay(3, 2)}, n_real=7)
    table = OverChains(LongTable([many, few]))
    found = [dict(zip(table.columns, row, strict=True)) for row in table.rows()]
    assert [(row["run"], row["generation"]) for row in found] == [
        (run.path.name, t) for run in (many, few) for t in range(4)
    ]
    for t, row in enumerate(found[:4]):
        bar = median_interval(many.series["trace_ratio"].values[t])
        assert row["n_chains"] == 8
        assert (row["median"], row["low"], row["high"]) == bar
        assert (row["theory"], row["theory_for"]) == {
            0: (1.0, "median"),
            3: (0.5, "median"),
        }.get(t, (None, None))
    for t, row in enumerate(found[4:]):
        assert row["n_real"] == 7
        assert row["median"] == np.median(few.series["trace_ratio"].values[t])
        assert (row["n_chains"], row["low"], row["high"]) == (2, None, None)


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "md", "tex"])
def test_medians_are_the_same_in_every_kind_of_file(tmp_path, pair, suffix):
    table, out = OverChains(pair), tmp_path / f"medians.{suffix}"
    assert write_table(table, out) == len(list(table.rows())) == 8
    if suffix == "parquet":
        assert pyarrow.parquet.read_table(out).to_pylist() == [
            dict(zip(table.columns, row, strict=True)) for row in table.rows()
        ]
    elif suffix == "csv":
        with out.open(newline="") as file:
            got = [float(row["median"]) for row in csv.DictReader(file)]
        assert got == [row[table.columns.index("median")] for row in table.rows()]
    else:
        digits = repr if suffix == "json" else "{:.6g}".format
        medians = [row[table.columns.index("median")] for row in table.rows()]
        assert all(digits(median) in out.read_text() for median in medians)


def components(root) -> Run:
    spec = {"generations": 1, "chains": 2, "chains_per_block": 2, "seed": 0}
    head = {"name": "q", "labels": ["low", "high"], "unit": ["1", "m"], "direction": "zero"}
    header = Header("parts", spec, spec, (head,))
    run = run_path(root, header)
    create_or_match(run, header)
    (run / "blocks").mkdir()
    store = BlockStore(block_path(run, 0), header.fingerprint, 0, Machine(1, "", {}))
    store.resume()
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    store.append([metric_row(0, "q", values), metric_row(1, "q", values, {0: "too few"})])
    store.append([absent_row(2, "q", "none")])
    store.checkpoint(Checkpoint(1, 0, {}))
    return Run(run)


def test_components_are_rows_of_their_own(tmp_path):
    run = components(tmp_path)
    table = LongTable([run])
    found = [(r[1], r[2], r[3], r[4], r[5], r[6]) for r in rows(table)]
    assert found == [
        (0, 0, "q", "low", 1.0, "1"),
        (1, 0, "q", "low", 3.0, "1"),
        (0, 0, "q", "high", 2.0, "m"),
        (1, 0, "q", "high", 4.0, "m"),
        (0, 1, "q", "high", 2.0, "m"),
        (1, 1, "q", "high", 4.0, "m"),
    ]
    assert len(list(rows(LongTable([run], ("q[low]",))))) == 2
    series = run.series["q"]
    assert series.values.shape == (2, 2, 2)
    np.testing.assert_array_equal(series["high"], [[2.0, 4.0], [2.0, 4.0]])
    with pytest.raises(KeyError, match="no component 'mid'"):
        _ = series["mid"]


def test_metrics_and_generations_are_chosen(pair):
    only = LongTable(pair.runs, ("kl",), (1, -1))
    assert {(r[columns(only).index("metric")]) for r in rows(only)} == {"kl"}
    assert sorted({r[columns(only).index("generation")] for r in rows(only)}) == [1, 3]
    with pytest.raises(SpecError, match=r"no run has the metric 'k' .did you mean 'kl'..; known"):
        list(rows(LongTable(pair.runs, ("k",))))


def test_csv_and_json_come_back_to_the_bit(pair, tmp_path):
    right = [dict(zip(columns(pair), row, strict=True)) for row in rows(pair)]
    assert write_table(pair, tmp_path / "t.csv") == len(right)
    with (tmp_path / "t.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [float(r["value"]) for r in read] == [r["value"] for r in right]
    assert [r["theory"] for r in read] == [
        "" if r["theory"] is None else repr(r["theory"]) for r in right
    ]
    assert [r["theory_for"] or None for r in read] == [r["theory_for"] for r in right]
    assert [r["run"] for r in read] == [r["run"] for r in right]
    write_table(pair, tmp_path / "t.json")
    loaded = json.loads((tmp_path / "t.json").read_text())
    assert [{**r, "value": float(r["value"])} for r in loaded] == right


def test_parquet_comes_back_to_the_bit(pair, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    right = [dict(zip(columns(pair), row, strict=True)) for row in rows(pair)]
    assert write_table(pair, tmp_path / "t.parquet") == len(right)
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == right


def test_tables_for_papers_hold_what_somebody_reads(pair, tmp_path):
    n = write_table(pair, tmp_path / "t.md")
    lines = (tmp_path / "t.md").read_text().splitlines()
    assert len(lines) == n + 2
    assert len({line.count("|") for line in lines}) == 1
    write_table(pair, tmp_path / "t.tex")
    text = (tmp_path / "t.tex").read_text()
    assert r"n\_real" in text
    assert text.count(r"\\") == n + 1
    long = LongTable([make_run(tmp_path, "long", metrics={"kl": decay(2000, 2)})])
    with pytest.raises(SpecError, match=r"choose some with --metric and --at"):
        write_table(long, tmp_path / "long.tex")
    assert not list(tmp_path.glob("long.tex*"))


def test_a_damaged_run_leaves_no_file(pair, tmp_path):
    table = pair.runs[1].blocks[0].path / "metrics.jsonl"
    table.write_bytes(table.read_bytes().replace(b'"t":3', b'"t":4'))
    with pytest.raises(StoreError, match=r"metrics.jsonl is damaged"):
        write_table(LongTable([Run(run.path) for run in pair.runs]), tmp_path / "t.csv")
    assert not list(tmp_path.glob("t.csv*"))


def test_another_suffix_is_refused(pair, tmp_path):
    with pytest.raises(SpecError, match=r"expected \.parquet, \.csv, \.json, \.md, \.tex"):
        write_table(pair, tmp_path / "t.xlsx")


@pytest.mark.parametrize("name", ["run.json", "theory.json", "blocks/0000/new.csv"])
def test_a_runs_own_files_are_no_place_for_a_table(pair, name):
    with pytest.raises(StoreError, match="belongs to the run"):
        write_table(pair, pair.runs[0].path / name)
    assert len(list(rows(pair))) == 24
    write_table(pair, pair.runs[0].path / "beside.csv")


def test_a_table_is_not_written_through_a_link_or_into_a_device(pair, tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "t.csv").symlink_to(tmp_path / "victim")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("t.csv", "folder.csv", "pipe.csv"):
        with pytest.raises(StoreError, match=r"is a link|is a folder or a device"):
            write_table(pair, tmp_path / name)
    assert (tmp_path / "victim").read_text() == "precious"
