"""Start-up: `import genloss` and `genloss --help` against a bare interpreter, whole processes."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15


def seconds(command: list[str]) -> float:
    """Time one process from start to end."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    script = str(Path(sys.executable).parent / "genloss")
    commands = {
        "bare interpreter": [sys.executable, "-c", "pass"],
        "import genloss": [sys.executable, "-c", "import genloss"],
        "genloss --help": [script, "--help"],
        "import numpy": [sys.executable, "-c", "import numpy"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(seconds(command))
    bare = statistics.median(times["bare interpreter"])
    print(f"{'command':<18} {'median s':>9} {'above bare':>11}   ({ROUNDS} rounds, interleaved)")
    for name, found in times.items():
        middle = statistics.median(found)
        print(f"{name:<18} {middle:9.3f} {middle - bare:11.3f}")


if __name__ == "__main__":
    main()
