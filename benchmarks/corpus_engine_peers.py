r"""A peer at work on a corpus, in an environment of its own: see corpus_engine.py.

    PYTHON benchmarks/corpus_engine_peers.py datatrove|datatrove-words|data-juicer CORPUS OUT

5-word shingles, lower case, no punctuation; 128 hashes in 16 bands of 8; two processes. The audit
of a peer is its statistics of documents and of words. Prints a line at the end of each step.
datatrove-words cuts words with datatrove's own tokeniser of English (spaCy), datatrove by the
expression \\w+, as the others do.
"""

import re
import sys
from pathlib import Path
from typing import Any

WORKERS = 2


def done(step: str) -> None:
    """Tell whoever watches that a step is over."""
    print("step", step, flush=True)


def by_datatrove(corpus: Path, out: Path, own_words: bool) -> None:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.stats import DocStats, WordStats
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
    groups = ["summary", "histogram"]
    stats = [
        DocStats(str(out / "stats"), groups),
        WordStats(str(out / "stats"), language=language, groups_to_compute=groups),
    ]
    steps = {
        "audit": ([reader, *stats], files),
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
    for name, (pipeline, tasks) in steps.items():
        workers = min(WORKERS, tasks)
        logs = str(out / "logs" / name)
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=workers, logging_dir=logs).run()
        done(name)


def by_data_juicer(corpus: Path, out: Path) -> None:
    from data_juicer.utils.lazy_loader import LazyLoader

    # It would install what else it may need, such as torch, over the network.
    LazyLoader._install_package = _refused
    from data_juicer.ops.deduplicator.document_deduplicator import DocumentDeduplicator
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import (
        DocumentMinhashDeduplicator,
    )
    from datasets import load_dataset

    files = sorted(map(str, corpus.glob("*.jsonl")))
    cache = str(out / "cache")
    data = load_dataset("json", data_files=files, cache_dir=cache, split="train", num_proc=WORKERS)
    done("read")
    _statistics(data)
    done("audit")
    near = DocumentMinhashDeduplicator(
        ignore_pattern=r"\p{P}", num_permutations=128, num_bands=16, num_rows_per_band=8
    )
    # What the two operators do in `run`, without their look for GPUs, which needs torch.
    for name, operator in (("exact", DocumentDeduplicator()), ("near", near)):
        data, _ = operator.process(data.map(operator.compute_hash, num_proc=WORKERS))
        done(name)
    (out / "kept").mkdir(parents=True)
    data.to_json(str(out / "kept/all.jsonl"), num_proc=WORKERS)
    done("write")


def _statistics(data: Any) -> None:
    from data_juicer.ops.filter.alphanumeric_filter import AlphanumericFilter
    from data_juicer.ops.filter.special_characters_filter import SpecialCharactersFilter
    from data_juicer.ops.filter.text_length_filter import TextLengthFilter
    from data_juicer.ops.filter.words_num_filter import WordsNumFilter
    from data_juicer.utils.constant import Fields

    data = data.add_column(Fields.stats, [{}] * data.num_rows)
    for kind in (TextLengthFilter, WordsNumFilter, AlphanumericFilter, SpecialCharactersFilter):
        data = data.map(kind().compute_stats, batched=True, batch_size=1000, num_proc=WORKERS)
    data.flatten().select_columns([f"{Fields.stats}.text_len"]).to_pandas().describe()


def _refused(*_: object, **__: object) -> None:
    raise ImportError("nothing is installed here")


def main(peer: str, corpus: str, out: str) -> None:
    if peer == "data-juicer":
        by_data_juicer(Path(corpus), Path(out))
    else:
        by_datatrove(Path(corpus), Path(out), peer == "datatrove-words")


if __name__ == "__main__":
    main(*sys.argv[1:])
