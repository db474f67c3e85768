"""What reading a corpus takes at its limits: a long line, tiny files, long rows; and curating.

    python benchmarks/reading_limits.py [gigabytes=10] [files=2000,16000] [rows=600] [curated=200]

The line is zeros, packed by gzip behind a good line; it must be left aside, and the line before it
read. rows: of 1 MB in Parquet, which pyarrow writes as one page; then 4,000 that share one text.
curated: megabytes of one file of lines that go through a rule. Every case is a process of its own:
seconds, records, and its peak memory. A case is left out by 0.
"""

import gzip
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

READ = """
import resource, sys, time
from pathlib import Path
from genloss.corpus.record.aside import Aside
from genloss.corpus.record.reading import read_records

aside, begun = Aside(), time.process_time()
number = sum(1 for _ in read_records([Path(sys.argv[1])], aside=aside))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
seconds = time.process_time() - begun
print(f"{number} records, left out {dict(aside.left_out)}, {seconds:.1f} s, {peak:.0f} MiB")
"""

CURATE = """
import resource, sys, time
from genloss.cli.main import app

begun = time.process_time()
app([*sys.argv[1:], "--json"], standalone_mode=False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{time.process_time() - begun:.1f} s, {peak:.0f} MiB", file=sys.stderr)
"""

WRITE = """
import sys
import pyarrow, pyarrow.parquet

name, rows, shared = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "shared"
text = "word " * 200_000
texts = pyarrow.array([text if shared else f"{i} {text}" for i in range(rows)])
pyarrow.parquet.write_table(pyarrow.table({"text": texts}), name)
"""

RULES = '[[rules]]\nfield = "words"\nat_least = 20\n'

MEGABYTE = 1 << 20


def long_line(folder: Path, gigabytes: float) -> Path:
    """Write a good line and one of zeros."""
    file = folder / "zeros.jsonl.gz"
    with gzip.open(file, "wb", compresslevel=1) as stream:
        stream.write(b'{"text": "A line that can be read."}\n')
        for _ in range(int(gigabytes * 1000)):
            stream.write(b"0" * 1_000_000)
        stream.write(b"\n")
    return file


def tiny_files(folder: Path, number: int) -> Path:
    """Write as many files of a few words, a thousand in a folder."""
    below = folder / f"tiny-{number}"
    for i in range(number):
        part = below / str(i // 1000)
        part.mkdir(parents=True, exist_ok=True)
        (part / f"{i}.txt").write_text(f"text number {i}\n")
    return below


def long_rows(folder: Path, rows: int, shared: bool) -> Path:
    """Write rows of 1 MB, in a process of its own, as a peak is handed down."""
    file = folder / f"rows-{rows}.parquet"
    sort = "shared" if shared else "own"
    subprocess.run([sys.executable, "-c", WRITE, file, str(rows), sort], check=True)
    return file


def curated(folder: Path, megabytes: int) -> None:
    """Put lines of 100 words through a rule, and print what that takes."""
    file, rng = folder / "lines.jsonl", random.Random(0)
    with file.open("w") as stream:
        while stream.tell() < 1e6 * megabytes:
            words = (f"word{int(rng.paretovariate(0.8)) % 50_000}" for _ in range(100))
            stream.write(json.dumps({"text": " ".join(words), "origin": "human"}) + "\n")
    (folder / "rules.toml").write_text(RULES)
    words = ("corpus", "curate", file, "--rules", folder / "rules.toml", "--out")
    command = [sys.executable, "-c", CURATE, *words, folder / "kept.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True)
    print(f"{megabytes} MB curated: {done.stderr.strip().splitlines()[-1]}", flush=True)


def told(what: str, path: Path) -> None:
    """Print what reading it takes."""
    done = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, text=True)
    print(f"{what}: {done.stdout.strip() or done.stderr.strip().splitlines()[-1]}", flush=True)


def main() -> None:
    """Measure every case."""
    options = dict(word.split("=") for word in sys.argv[1:])
    gigabytes = float(options.get("gigabytes", 10))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if gigabytes:
            file = long_line(folder, gigabytes)
            packed = file.stat().st_size / MEGABYTE
            told(f"a line of {gigabytes:g} GB, {packed:.0f} MiB packed", file)
        for number in filter(None, map(int, options.get("files", "2000,16000").split(","))):
            told(f"{number:,} tiny files", tiny_files(folder, number))
        if rows := int(options.get("rows", 600)):
            told(f"{rows} rows of 1 MB in Parquet", long_rows(folder, rows, shared=False))
            told("4,000 rows that share one", long_rows(folder, 4000, shared=True))
        if megabytes := int(options.get("curated", 200)):
            curated(folder, megabytes)


if __name__ == "__main__":
    main()
