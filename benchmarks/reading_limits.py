"""What reading a corpus takes at its limits: a line of many gigabytes, and many tiny files.

    python benchmarks/reading_limits.py [gigabytes=10] [files=2000,16000]

The line is zeros, packed by gzip behind a good line; it must be left aside, and the line before it
read. Every case is a process of its own: seconds, records, and its peak memory.
"""

import gzip
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
        file = long_line(folder, gigabytes)
        told(f"a line of {gigabytes:g} GB, {file.stat().st_size / MEGABYTE:.0f} MiB packed", file)
        for number in map(int, options.get("files", "2000,16000").split(",")):
            told(f"{number:,} tiny files", tiny_files(folder, number))


if __name__ == "__main__":
    main()
