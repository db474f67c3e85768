"""What scorers tell apart on labelled texts: AUROC, and what is caught where a threshold is borne.

    nice python benchmarks/detection_scores.py DATA SCORES.jsonl 40    (an hour on one core)
    nice python benchmarks/detection_scores.py DATA FLAT.jsonl 20 gpt2-xl flat
    python benchmarks/detection.py DATA SCORES.jsonl [FLAT.jsonl]

DATA: the folder with bao-2024.jsonl.xz and liang-2023.jsonl. Prints, of every pair of a human group
and a machine group: AUROC with a 95 % interval (DeLong et al. 1988) under SmolLM2-135M, of whole
texts and of what stands after the words that a continuation shares with its prompt; of two scorers
that learn, on prompts and authors that they have not seen, once with the domain among what they
learned and once without it. FLAT: the same with line breaks made spaces, beside the human texts,
which have none. By length, over all domains of continuations. Then thresholds at 1 %: what is
caught, where 99 human texts are left;
what one threshold would do to each human group; phrases and invisible marks; speed.
"""

import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from detection_scores import SHORT, Text, texts
from genloss.audit.conformal.guarantee import share_between
from genloss.audit.conformal.thresholds import threshold
from genloss.audit.detection.generators import RELEASED
from genloss.audit.scorers.linear import LinearFeatures
from genloss.audit.scorers.ngram import NGramCrossEntropy
from genloss.audit.scorers.tells import tells

NETWORK = ("perplexity", "log_rank", "curvature")
LEARN = (NGramCrossEntropy, LinearFeatures)
ORIGINS = {"human": "human", "model": "machine"}
LEVEL = 0.01


def auroc(human: np.ndarray, machine: np.ndarray) -> tuple[float, float, float]:
    """Return P(machine > human), ties half, and the interval of DeLong."""
    above = (machine[:, None] > human) + 0.5 * (machine[:, None] == human)
    own, other = above.mean(axis=0), above.mean(axis=1)
    var = own.var(ddof=1) / len(own) + other.var(ddof=1) / len(other)
    mean, half = above.mean(), 1.96 * np.sqrt(var)
    return float(mean), float(max(0, mean - half)), float(min(1, mean + half))


def told(human: np.ndarray, machine: np.ndarray) -> str:
    """Return AUROC and interval as text."""
    human, machine = (x[~np.isnan(x)] for x in (human, machine))
    if min(len(human), len(machine)) < 10:
        return "-"
    mean, low, high = auroc(human, machine)
    return f"{mean:.3f} [{low:.2f}, {high:.2f}]"


def pairs(every: list[Text]) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    """Return domain, name, human group and machine group of all comparisons."""
    groups = dict.fromkeys(t["group"] for t in every)
    out = []
    for group in groups:
        if group[1] != "human":
            out.append((group[0], group[2], (group[0], "human", ""), group))
    toefl = ("toefl essay, non-native writers", "human", "")
    out.append(("human against human", "TOEFL over college", ("college essay", "human", ""), toefl))
    return out


def year(generator: str) -> str:
    """Return the year of a generator."""
    import re

    return next((str(y) for x, y in RELEASED if re.search(x, generator.lower())), "")


def network(every: list[Text], rows: dict[str, Any], most: int | None) -> None:
    """Print AUROC under SmolLM2-135M."""
    shown = defaultdict(list)
    for text in every:
        if text["id"] in rows and (most is None or len(shown[text["group"]]) < most):
            shown[text["group"]].append(rows[text["id"]])
    names = [f"{name}{part}" for name in NETWORK for part in ("", "_rest")]
    print("| domain | machine (year) | texts | " + " | ".join(names) + " |")
    for domain, name, human, machine in pairs(every):
        cells = []
        for score in names:
            own, other = ([r[score] for r in shown[g]] for g in (human, machine))
            cells.append(told(np.array(own, float), np.array(other, float)))
        n = f"{len(shown[human])} + {len(shown[machine])}"
        print(f"| {domain} | {name} ({year(name)}) | {n} | {' | '.join(cells)} |")


def flattened(every: list[Text], rows: dict[str, Any], flat: dict[str, Any]) -> None:
    """Print AUROC against texts without line breaks, beside the same texts as they stand."""
    print("\nWithout line breaks, and the same texts with them")
    for domain, name, human, machine in pairs(every):
        group = {t["id"] for t in every if t["group"] == machine and t["id"] in flat}
        both = {i for i in group if i in rows}
        people = [rows[t["id"]] for t in every if t["group"] == human and t["id"] in rows][:40]
        if len(both) < 10 or human[0] not in ("xsum", "squad", "writing"):
            continue
        cells = []
        for score in ("perplexity_rest", "curvature_rest"):
            own = np.array([r[score] for r in people])
            for which in (flat, rows):
                cells.append(told(own, np.array([which[i][score] for i in sorted(both)])))
        print(f"| {domain} | {name} | {len(both)} | {' | '.join(cells)} |")


def lengths(every: list[Text], rows: dict[str, Any]) -> None:
    """Print AUROC at the first tokens after the shared words, where ten texts a side have them."""
    print("\nBy length: domain, tokens, texts, perplexity, curvature")
    for domain in ("xsum", "squad", "writing"):
        known = {t["id"]: t["origin"] for t in every if t["domain"] == domain}
        for n in SHORT:
            noted = [(known[i], r) for i, r in rows.items() if i in known and f"curvature_{n}" in r]
            human, machine = ([r for o, r in noted if o == x] for x in ("human", "model"))
            if min(len(human), len(machine)) < 10:
                continue
            cells = [
                told(*(np.array([r[f"{score}_{n}"] for r in x], float) for x in (human, machine)))
                for score in ("perplexity", "curvature")
            ]
            print(f"| {domain} | {n} | {len(human)} + {len(machine)} | {' | '.join(cells)} |")


def halves(every: list[Text]) -> set[str]:
    """Return the prompts and authors of which the scorers learn; the others are judged."""
    units = sorted({t["unit"] for t in every})
    return set(np.random.default_rng(4).permutation(units)[: 2 * len(units) // 5])


def rest_of(text: Text) -> str:
    """Return a text without the words that it shares with its prompt."""
    return " ".join(text["text"].split()[text["shared"] :])


def learned(every: list[Text], without: str, kind: Any) -> dict[str, float]:
    """Return the scores of all texts that were not learned from, without their shared words."""
    units = halves(every)
    teach = [t for t in every if t["unit"] in units and t["domain"] != without]
    judged = [t for t in every if t["unit"] not in units]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "teach.jsonl"
        rows = [
            {"text": rest_of(t), "origin": ORIGINS[t["origin"]]}
            for t in teach
            if t["origin"] in ORIGINS
        ]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        scores = kind(str(file)).scores([rest_of(t) for t in judged])
    return {t["id"]: float(s) for t, s in zip(judged, scores, strict=True)}


def of_learners(every: list[Text]) -> dict[tuple[str, str], dict[str, float]]:
    """Print AUROC of scorers that learn; return their scores, by kind and domain left out."""
    domains = list(dict.fromkeys(t["domain"] for t in every))
    scores = {
        (kind.about.kind, without): learned(every, without, kind)
        for kind in LEARN
        for without in ("", *domains)
    }
    names = [f"{kind.about.kind}, domain {how}" for kind in LEARN for how in ("seen", "unseen")]
    print("\n| domain | machine (year) | " + " | ".join(names) + " |")
    for domain, name, human, machine in pairs(every):
        cells = []
        for kind in LEARN:
            for without in ("", machine[0]):
                own = scores[kind.about.kind, without]
                both = [
                    np.array([own[t["id"]] for t in every if t["group"] == g and t["id"] in own])
                    for g in (human, machine)
                ]
                cells.append(told(*both))
        print(f"| {domain} | {name} ({year(name)}) | {' | '.join(cells)} |")
    return scores


def caught(name: str, every: list[Text], scores: dict[str, float]) -> None:
    """Print what is caught at 1 %, where a human group bears a threshold."""
    refused = {}
    by_group = defaultdict(list)
    for text in every:
        if text["id"] in scores:
            by_group[text["group"]].append(scores[text["id"]])
    for domain, generator, human, machine in pairs(every):
        own, other = (np.array([s for s in by_group[g] if s == s]) for g in (human, machine))
        bound = threshold(own, LEVEL, "marginal")
        if not len(other) or domain == "human against human":
            continue
        if bound.is_refused:
            refused[domain] = len(own)
            continue
        k = int((other > bound.value).sum())
        low, high = share_between(k, len(other))
        shown = f"{k} of {len(other)} = {k / len(other):.1%} [{low:.1%}, {high:.1%}]"
        print(f"  {name}: {domain} / {generator} ({year(generator)}): {shown}")
    too_few = ", ".join(f"{domain} ({n})" for domain, n in refused.items())
    print(f"  {name}: refused, fewer than 99 human texts: {too_few or 'none'}")


def one_for_all(name: str, every: list[Text], scores: dict[str, float]) -> None:
    """Print what a threshold at 1 % from all other human texts does to each human group."""
    groups = defaultdict(list)
    for text in every:
        if text["origin"] == "human" and text["id"] in scores:
            groups[text["domain"]].append(scores[text["id"]])
    for domain, own in groups.items():
        others = np.concatenate([v for k, v in groups.items() if k != domain])
        bound = threshold(others[~np.isnan(others)], LEVEL, "marginal")
        k = int((np.array(own) > bound.value).sum())
        low, high = share_between(k, len(own))
        print(f"  {name}: {domain}: {k} of {len(own)} = {k / len(own):.1%} [{low:.1%}, {high:.1%}]")


def main(data: Path, file: Path, flat: Path | None = None) -> None:
    """Print everything."""
    every = texts(data)
    rows = {r["id"]: r for line in file.read_text().splitlines() if (r := json.loads(line))}
    print("SmolLM2-135M, at most 40 texts of a group, their first 300 tokens\n")
    network(every, rows, 40)
    if flat is not None:
        lines = flat.read_text("utf-8").splitlines()
        flattened(every, rows, {r["id"]: r for line in lines if (r := json.loads(line))})
    lengths(every, rows)
    by_kind = of_learners(every)
    print(f"\nCaught at {LEVEL:.0%} (marginal), thresholds of the domain's own human texts")
    judged = {name: {i: r[f"{name}_rest"] for i, r in rows.items()} for name in NETWORK}
    judged |= {kind: own for (kind, without), own in by_kind.items() if not without}
    for name, scores in judged.items():
        caught(name, every, scores)
    print(f"\nHuman texts above one threshold at {LEVEL:.0%} for all, made from the other domains")
    for name, scores in judged.items():
        one_for_all(name, every, scores)
    print("\nTexts with a phrase or an invisible mark, by origin")
    for origin in ("human", "model", "mixed"):
        own = [t for t in every if t["origin"] == origin]
        hits = [(t["generator"], tell.name) for t in own for tell in tells(t["text"])]
        print(f"  {origin}: {len(hits)} in {len(own)} texts {sorted(set(map(str, hits)))[:6]}")
    speed = 1 / np.median([r["seconds"] for r in rows.values()])
    print(f"\n{speed:.0f} tokens per second and core; a million texts of 300 tokens: ", end="")
    print(f"{1e6 * 300 / speed / 3600:,.0f} core hours")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(*map(Path, sys.argv[1:4]))
    else:
        print(__doc__)
