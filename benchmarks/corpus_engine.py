"""Deduplication of a corpus with planted duplicates, beside datatrove and data-juicer.

    python -m venv trove && trove/bin/pip install "datatrove[io]==0.10.1" "xxhash<4" regex tqdm \
        orjson spacy tokenizers tldextract
    python -m venv juicer && juicer/bin/pip install py-data-juicer==1.6.1 aiohttp
    python benchmarks/corpus_engine.py --novels FOLDER --size 1GB --trove trove/bin/python \
        --juicer juicer/bin/python

--novels: a folder of *.jsonl.xz with a field text. Two processes each; CPU seconds by step,
documents per second from disk to disk, recall by similarity, false merges, and the most anonymous
memory of all processes of a program together. --only: programs whose names begin so.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from corpus_engine_data import make, score
from corpus_engine_peers import done

WORKERS = 2
HERE = Path(__file__)


TICKS = os.sysconf("SC_CLK_TCK")


def usage(root: int) -> dict[int, tuple[int, int]]:
    """Return CPU ticks and anonymous KiB of a process and of those that it started, by number."""
    parents, used = {}, {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, KeyError, IndexError):
            if entry.name.isdigit():
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                text = (entry / "status").read_text()
                memory = int(text.partition("RssAnon:")[2].split()[0])
                parents[int(entry.name)] = int(fields[1])
                used[int(entry.name)] = int(fields[11]) + int(fields[12]), memory
    ours = {root}
    while more := {p for p, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return {p: used[p] for p in ours if p in used}


@dataclass(frozen=True)
class Run:
    """What a program took: seconds, CPU seconds of all its processes, by step, MiB at most."""

    seconds: float
    cpu: float
    steps: dict[str, float]
    memory: int


def run(command: list[str], env: dict[str, str]) -> Run:
    """Run a program, look at its processes three times a second, and hear its steps."""
    begin = time.perf_counter()
    ticks: dict[int, int] = {}
    ends: list[tuple[str, int]] = []
    memory, over = 0, threading.Event()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **env}
        )

        def watch():
            nonlocal memory
            while not over.wait(0.3):
                found = usage(process.pid)
                memory = max(memory, sum(m for _, m in found.values()))
                ticks.update({p: t for p, (t, _) in found.items()})

        thread = threading.Thread(target=watch)
        thread.start()
        for line in process.stdout or ():
            if line.startswith("step "):
                ends.append((line.split()[1], sum(ticks.values())))
        process.wait()
        over.set()
        thread.join()
        if process.returncode:
            log.seek(0)
            raise SystemExit(f"{command}: {log.read()[-3000:]}")
    seconds = time.perf_counter() - begin
    steps: dict[str, float] = {}
    for (name, end), before in zip(ends, [0, *(end for _, end in ends)], strict=False):
        steps[name] = round(steps.get(name, 0) + (end - before) / TICKS, 2)
    return Run(seconds, sum(ticks.values()) / TICKS, steps, memory >> 10)


def ours(corpus: str, out: str, near: str) -> None:
    """Run ours: an audit unless exact duplicates alone are sought, then deduplication."""
    from genloss.audit.dedup.deduplicate import deduplicate
    from genloss.audit.dedup.options import DedupOptions
    from genloss.audit.profile.by_shards import audit_by_shards
    from genloss.audit.profile.options import AuditOptions
    from genloss.corpus.record.aside import Aside
    from genloss.corpus.record.field_map import FieldMap
    from genloss.run.executors.processes import Processes
    from genloss.run.job import run_jobs

    def do(step, jobs):
        run_jobs(jobs, Processes(WORKERS))
        done(step)

    paths, fields = [Path(corpus)], FieldMap()
    if near == "near":
        audit_by_shards(paths, Path(f"{out}-audit"), fields, AuditOptions(), Aside(), do)
        done("audit")
        shutil.rmtree(f"{out}-audit")
    options = DedupOptions(near=near == "near")
    deduplicate(paths, Path(out), fields, options, Aside(), do)
    done("rest")


def kept_of(folder: Path) -> set[int]:
    kept = set()
    for file in sorted((folder / "kept").glob("*.jsonl")):
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                row = row.get("attributes") or row.get("metadata") or row
                kept.add(row["n"])
    return kept


def programs(args: argparse.Namespace) -> dict[str, list[str]]:
    mine = [sys.executable, str(HERE), "--as"]
    peers = str(HERE.with_name("corpus_engine_peers.py"))
    found = {"genloss, exact": [*mine, "exact"], "genloss": [*mine, "near"]}
    if args.trove:
        found["datatrove"] = [args.trove, peers, "datatrove"]
        if args.words:
            found["datatrove, own words"] = [args.trove, peers, "datatrove-words"]
    if args.juicer:
        found["data-juicer"] = [args.juicer, peers, "data-juicer"]
    return {name: command for name, command in found.items() if name.startswith(args.only)}


def bytes_of(text: str) -> int:
    return int(
        float(text.upper().removesuffix("B")[:-1]) * {"M": 10**6, "G": 10**9}[text[-2].upper()]
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--novels", type=Path)
    parser.add_argument("--size", default="50MB")
    parser.add_argument("--trove")
    parser.add_argument("--juicer")
    parser.add_argument("--only", default="", help="programs whose names begin so")
    parser.add_argument("--words", action="store_true", help="datatrove's tokeniser, too")
    parser.add_argument("--folder", type=Path, help="keep the corpus here, and take it again")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        corpus = folder / f"corpus-{args.size}"
        if not corpus.with_suffix(".truth.json").exists():
            shutil.rmtree(corpus, ignore_errors=True)
            make(corpus, bytes_of(args.size), args.novels)
        truth = json.loads(corpus.with_suffix(".truth.json").read_text())
        n = truth["documents"]
        print(f"{n:,} documents, {truth['bytes'] / 1e6:,.0f} MB, {len(truth['copies']):,} copies")
        for name, command in programs(args).items():
            out = Path(temporary) / name.replace(" ", "-")
            env = {"DATA_JUICER_CACHE_HOME": str(out / "home"), "HF_DATASETS_OFFLINE": "1"}
            took = run([*command, str(corpus), str(out)], env)
            print(
                f"{name}: {n / took.seconds:,.0f} documents/s in {took.seconds:.1f} s, "
                f"{n / took.cpu:,.0f} a CPU second in {took.cpu:.1f} s, {took.memory:,} MiB"
            )
            print(f"  {took.steps}")
            print(f"  {json.dumps(score(truth, kept_of(out)))}", flush=True)
            shutil.rmtree(out, ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as"]:
        ours(near=sys.argv[2], corpus=sys.argv[3], out=sys.argv[4])
    else:
        main()
