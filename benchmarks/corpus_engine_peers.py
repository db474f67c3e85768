r"""A peer at work on a corpus, in an environment of its own: see corpus_engine.py.

    PYTHON benchmarks/corpus_engine_peers.py datatrove|datatrove-words|data-juicer CORPUS OUT

5-word shingles, lower case, no punctuation; 128 hashes in 16 bands of 8; two processes. Prints one
line of JSON: seconds by step. datatrove-words cuts words with datatrove's own tokeniser of English
(spaCy), datatrove by the expression \\w+, as the others do.
"""

import json
import re
import sys
import time
from pathlib import Path

WORKERS = 2


def by_datatrove(corpus: Path, out: Path, own_words: bool) -> dict[str, float]:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Expression(WordTokenizer):
        def word_tokenize(self, text: str) -> list[str]:
            return re.findall(r"\w+", text)

        def sent_tokenize(self, text: str) -> list[str]:
            return [text]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [(0, len(text))]

    config = MinhashConfig(n_grams=5, num_buckets=16, hashes_per_bucket=8)
    language = "eng_Latn" if own_words else Expression()
    files = len(list(corpus.glob("*.jsonl")))
    reader = JsonlReader(str(corpus))
    places = {name: str(out / name) for name in ("signatures", "buckets", "removed", "kept")}
    steps = {
        "signatures": (
            [reader, MinhashDedupSignature(places["signatures"], config, language)],
            files,
        ),
        "buckets": (
            [MinhashDedupBuckets(places["signatures"], places["buckets"], config=config)],
            16,
        ),
        "cluster": ([MinhashDedupCluster(places["buckets"], places["removed"], config=config)], 1),
        "filter": (
            [
                reader,
                MinhashDedupFilter(places["removed"]),
                JsonlWriter(places["kept"], compression=None),
            ],
            files,
        ),
    }
    seconds = {}
    for name, (pipeline, tasks) in steps.items():
        begin = time.perf_counter()
        workers = min(WORKERS, tasks)
        logs = str(out / "logs" / name)
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=workers, logging_dir=logs).run()
        seconds[name] = time.perf_counter() - begin
    return seconds


def by_data_juicer(corpus: Path, out: Path) -> dict[str, float]:
    from data_juicer.utils.lazy_loader import LazyLoader

    # It would install what else it may need, such as torch, over the network.
    LazyLoader._install_package = _refused
    from data_juicer.ops.deduplicator.document_deduplicator import DocumentDeduplicator
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import (
        DocumentMinhashDeduplicator,
    )
    from datasets import load_dataset

    begin = time.perf_counter()
    seconds = {}

    def lap(name: str) -> None:
        nonlocal begin
        seconds[name] = time.perf_counter() - begin
        begin = time.perf_counter()

    files = sorted(map(str, corpus.glob("*.jsonl")))
    cache = str(out / "cache")
    data = load_dataset("json", data_files=files, cache_dir=cache, split="train", num_proc=WORKERS)
    lap("read")
    near = DocumentMinhashDeduplicator(
        ignore_pattern=r"\p{P}", num_permutations=128, num_bands=16, num_rows_per_band=8
    )
    # What the two operators do in `run`, without their look for GPUs, which needs torch.
    for name, operator in (("exact", DocumentDeduplicator()), ("near", near)):
        data, _ = operator.process(data.map(operator.compute_hash, num_proc=WORKERS))
        lap(name)
    (out / "kept").mkdir(parents=True)
    data.to_json(str(out / "kept/all.jsonl"), num_proc=WORKERS)
    lap("write")
    return seconds


def _refused(*_: object, **__: object) -> None:
    raise ImportError("nothing is installed here")


def main(peer: str, corpus: str, out: str) -> None:
    if peer == "data-juicer":
        seconds = by_data_juicer(Path(corpus), Path(out))
    else:
        seconds = by_datatrove(Path(corpus), Path(out), peer == "datatrove-words")
    print(json.dumps({name: round(s, 2) for name, s in seconds.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
