"""How long an answer takes: from an empty folder to a verdict, then a forecast and advice.

    python benchmarks/time_to_verdict.py [only=gaussian,mixture,ngram,digits] [advise=1]

Every command is a process of its own. For each system `genloss run`, eight chains and their control
on real rows, and `genloss show`: seconds that passed and of processors, verdicts other than "cannot
tell", and the first alarm; then `genloss forecast` of twice as many generations, as a command with
its imports and, in processor seconds, alone in this process (wanted: less than one). Then `genloss
advise` on the Gaussian, by its closed form and by search (the README's example), against 10 s; with
advise=1 also on n-grams and digits, against 600 s, which takes minutes. Kernels that this machine
has compiled before stay so.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

import genloss

GAUSSIAN = str(Path(__file__).parents[1] / "examples" / "gaussian.toml")
TEXT = """
reality = { kind = "text", vocabulary = 512 }   # Python's help topics
learner = { kind = "ngram", order = 2 }
sampler = { kind = "sampling", max_new = 64, min_new = 64 }
n_real = 200
held_out = 100
generations = 10
chains = 8
metrics = ["perplexity", "surviving_vocabulary", "distinct_n"]
"""
BLOBS = """
reality = "two_blobs"
learner = { kind = "mixture", k = 2 }
n_real = 100
held_out = 500
generations = 50
chains = 8
metrics = ["squared_l2", "trace_ratio", "tail_coverage", "surviving_modes", "far_rows"]
measure = { every = 5 }
"""
DIGITS = """
reality = "digits8x8"
learner = { kind = "vae", net = "small", latent = 10, beta = 0.5, training = { epochs = 30, learning_rate = 4e-3 } }
n_real = 1000
held_out = 500
generations = 5
chains = 8
metrics = ["sliced_wasserstein", "trace_ratio"]
"""  # noqa: E501
SPECS = {"mixture": BLOBS, "ngram": TEXT, "digits": DIGITS}
FITTED = ['learner={kind="gaussian",ddof=0}', "n_real=800", 'metrics=["w2_squared"]']
ADVICE = {
    "gaussian, closed form": ("squared_mean_error <= 0.05 at 30", "--mean", 10),
    "gaussian, search": ("sigma >= 0.8 at 50", "--search", 10),
    "ngram": ("perplexity within 30 % of control at 3", "--as share", 600),
    "digits": ("w2_squared <= 0.1 at 10", "--as share", 600),
}


@dataclass(frozen=True)
class Took:
    """Seconds of one command, and what it printed."""

    wall: float
    cpu: float
    out: str

    def __str__(self) -> str:
        """Return both times."""
        return f"{self.wall:7.1f} {self.cpu:7.1f}"


def timed(*words: str) -> Took:
    """Run one command in a process of its own."""
    begun, used = time.perf_counter(), _processor()
    # Whoever works with it keeps its bytecode; environments of tests may say otherwise.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = run([sys.executable, "-m", "genloss", *words], capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"genloss {' '.join(words)}: {done.stderr}")
    return Took(time.perf_counter() - begun, _processor() - used, done.stdout)


def _processor() -> float:
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def spec_of(name: str, root: Path) -> list[str]:
    """Write a system's spec below root; return it with its overrides."""
    if name == "gaussian":
        return [GAUSSIAN, "chains=8", "n_real=50", "name=gaussian"]
    path = root / f"{name}.toml"
    path.write_text(f'name = "{name}"\nregime = "replace"\n{SPECS[name]}')
    return [str(path)]


def verdict(name: str, root: Path) -> bool:
    """Print a system's line; whether a verdict other than "cannot tell" stands."""
    folder = str(root / name)
    ran = timed("run", *spec_of(name, root), "--folder", folder)
    shown = timed("show", folder, "--json")
    told = json.loads(shown.out)
    last = told["spec"]["generations"]
    ahead = timed("forecast", folder, "--at", str(2 * last))
    for _ in range(2):  # The first time pays for imports.
        begun = time.process_time()
        genloss.forecast(genloss.find_runs(folder)[0], [2 * last])
        alone = time.process_time() - begun
    profile = told["profile"]
    sure = [f"{v['number']} {v['answer']}" for v in profile["verdicts"]]
    sure = [answer for answer in sure if "cannot" not in answer]
    first = min((a["t"], a["metric"]) for a in profile["alarms"]) if profile["alarms"] else None
    alarm = f"{first[1]} at {first[0]}" if first else "none"
    print(
        f"{name:9} {ran} {shown} {ahead} {alone:6.2f}  {', '.join(sure) or 'none':28} {alarm}",
        flush=True,
    )
    return bool(sure)


def advice(name: str, root: Path) -> None:
    """Print what advice on a system takes, beside its target."""
    target, options, bar = ADVICE[name]
    words = [GAUSSIAN] if "gaussian" in name else spec_of(name, root)
    words += FITTED if name == "digits" else []
    asked = ["--target", target, *options.split(), "--root", str(root / "advice")]
    print(f"{name:22} {timed('advise', *words, *asked)} {bar:7} {target} {options}", flush=True)


def main(words: Sequence[str]) -> int:
    """Print both tables; 1 where a system got no verdict."""
    options = dict(word.split("=", 1) for word in words)
    names = options.get("only", "gaussian,mixture,ngram,digits").split(",")
    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; seconds: passed, of processors"
    )
    print("          run             show            forecast, alone        verdicts; first alarm")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        told = [verdict(name, root) for name in names]
        print("\nadvise, seconds: passed, of processors, wanted")
        for name in ADVICE:
            if name.split(",")[0] in names and ("gaussian" in name or options.get("advise") == "1"):
                advice(name, root)
    print(f"load {os.getloadavg()[0]:.1f}")
    return int(not all(told))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
