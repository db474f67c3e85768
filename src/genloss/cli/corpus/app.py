"""The commands of `genloss corpus`."""

from pathlib import Path
from typing import Annotated

import typer

from genloss.cli import exits
from genloss.cli.corpus.options import (
    AsideFile,
    Field,
    Fix,
    KeepWork,
    Map,
    Me,
    On,
    Paths,
    ThirdParty,
    Workers,
    field_map,
)
from genloss.cli.options import Json

app = typer.Typer(
    name="corpus",
    help="Where texts come from, who wrote them, and what may be trained on.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(epilog="Example: genloss corpus read texts --fix licence=CC0-1.0 --out records.jsonl")
def read(
    paths: Paths,
    out: Annotated[Path, typer.Option(help="Records: .jsonl, .jsonl.gz or .jsonl.zst.")],
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    me: Me = None,
    third_party: ThirdParty = False,
    mask: Annotated[
        bool, typer.Option("--mask", help="Replace addresses and numbers of people by their sort.")
    ] = False,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Write files of any sort as records, with digests that `verify` holds them to."""
    from genloss.cli.corpus.read import gathered

    gathered(paths, out, field_map(map, field, fix, me, third_party), mask, aside, json)


@app.command(epilog="Example: genloss corpus verify corpus/records.jsonl")
def verify(
    paths: Annotated[
        list[Path], typer.Argument(help="Files of records, or folders that hold them.")
    ],
    sign: Annotated[
        Path | None,
        typer.Option(help="A key of ssh-keygen that signs the digests of what is whole."),
    ] = None,
    signers: Annotated[
        Path | None, typer.Option(help="Allowed signers: one of them must have signed every file.")
    ] = None,
    json: Json = False,
) -> None:
    """Hold every record to its id and its digest; name the tampered, missing and malformed."""
    from genloss.cli.corpus.verify import verified

    if not verified(paths, sign, signers, json):
        raise typer.Exit(exits.FAILED)


@app.command(epilog="Example: genloss corpus share crawl.jsonl --human ours --machine made")
def share(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="The corpus: files of any sort, or folders.")
    ] = None,
    human: Annotated[
        list[Path] | None, typer.Option(help="Texts that are certainly human.")
    ] = None,
    machine: Annotated[
        list[Path] | None, typer.Option(help="Texts by machines, with their generator.")
    ] = None,
    edited: Annotated[
        list[Path] | None, typer.Option(help="Texts by both: machine-edited, or edited by people.")
    ] = None,
    score: Annotated[str, typer.Option(help="The attribute that holds a score.")] = "score",
    calibration: Annotated[
        Path | None, typer.Option(help="Score all texts by the scorer of `calibrate`.")
    ] = None,
    unit: Annotated[
        str, typer.Option(help="What is exchangeable: a key such as author; id: every text.")
    ] = "source",
    by: Annotated[str, typer.Option(help="Keys of groups, such as domain,month.")] = "",
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    seed: Annotated[
        int, typer.Option(help="Of the bootstrap of words, and of the text of every unit.")
    ] = 0,
    out: Annotated[Path | None, typer.Option(help="Also write it as JSON.")] = None,
    corrected: Annotated[
        str, typer.Option(help="OBSERVED,FPR,FNR: correct a counted rate instead.")
    ] = "",
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    me: Me = None,
    third_party: ThirdParty = False,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Say how much of a corpus machines wrote, with an interval that holds calibration error."""
    from genloss.cli.corpus import share as share_command

    if corrected:
        share_command.corrected(corrected, json)
        return
    keys = tuple(key.strip() for key in by.split(",") if key.strip())
    known = (human or [], machine or [], edited or [])
    asked = share_command.asked(known, score, unit, keys, level, seed, calibration)
    fields = field_map(map, field, fix, me, third_party)
    share_command.shared(paths or [], asked, out, fields, aside, json)


@app.command(
    epilog="Example: genloss corpus curate crawl.jsonl --rules rules.toml --out kept.jsonl"
)
def curate(
    paths: Paths,
    out: Annotated[Path, typer.Option(help="Kept records: .jsonl, .jsonl.gz or .jsonl.zst.")],
    rules: Annotated[Path | None, typer.Option(help="A TOML file of rules.")] = None,
    policy: Annotated[Path | None, typer.Option(help="A TOML file: what may be used.")] = None,
    before: Annotated[str, typer.Option(help="Only texts that are surely older than this.")] = "",
    evidence: Annotated[
        str, typer.Option(help="For --before: archive, crawl, claimed or guessed.")
    ] = "claimed",
    workers: Workers = 1,
    on: On = "",
    keep_work: KeepWork = False,
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    me: Me = None,
    third_party: ThirdParty = False,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Keep what the rules let pass; say what each refused; run it again to resume."""
    from genloss.cli.corpus.curate import curated, rules_asked
    from genloss.cli.corpus.jobs import Where

    asked = rules_asked(rules, policy, before, evidence)
    fields, where = field_map(map, field, fix, me, third_party), Where(workers, on, keep_work)
    curated(paths, asked, out, fields, where=where, aside_file=aside, json=json)


@app.command(epilog="Example: genloss corpus mix mixture.toml --out mixed.jsonl")
def mix(
    spec: Annotated[Path, typer.Argument(help="A TOML file: parts, floors, total or budget.")],
    out: Annotated[Path, typer.Option(help="Records: .jsonl, .jsonl.gz or .jsonl.zst.")],
    workers: Workers = 1,
    on: On = "",
    keep_work: KeepWork = False,
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    me: Me = None,
    third_party: ThirdParty = False,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Draw a mixture with exact counts, floors and a budget; run it again to resume."""
    from genloss.cli.corpus.jobs import Where
    from genloss.cli.corpus.mix import mixed

    fields, where = field_map(map, field, fix, me, third_party), Where(workers, on, keep_work)
    mixed(spec, out, fields, where=where, aside_file=aside, json=json)


@app.command(epilog="Example: genloss corpus calibrate human --fix origin=human --scorer curvature")
def calibrate(
    human: Annotated[
        list[Path], typer.Argument(help="Texts that are certainly human: files or folders.")
    ],
    scorer: Annotated[
        str, typer.Option(help="A kind (genloss kinds scorer), or package.module:Class.")
    ],
    machine: Annotated[
        list[Path] | None, typer.Option(help="Texts by machines, to measure what is caught.")
    ] = None,
    options: Annotated[
        list[str] | None, typer.Option("--with", help="KEY=VALUE of the scorer, as tokens=300.")
    ] = None,
    by: Annotated[str, typer.Option(help="Keys of groups.")] = "domain,language,length",
    unit: Annotated[
        str, typer.Option(help="What is exchangeable: a key such as author; id: every text.")
    ] = "source",
    level: Annotated[
        list[float] | None, typer.Option(help="Share of human texts that may be flagged.")
    ] = None,
    least_words: Annotated[
        int | None, typer.Option(min=1, help="Fewest words that are judged, else measured.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws one text of every source.")] = 0,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("calibration.json"),
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    me: Me = None,
    third_party: ThirdParty = False,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Find the score above which a text is unlike human ones, for every group of texts."""
    from genloss.audit.detection.calibrating import LEVELS, Plan
    from genloss.cli.corpus.calibrate import calibrated

    keys = tuple(key.strip() for key in by.split(",") if key.strip())
    levels = tuple(sorted(level, reverse=True)) if level else LEVELS
    plan = Plan(keys, unit, levels, seed, least_words)
    fields = field_map(map, field, fix, me, third_party)
    calibrated(human, machine or [], scorer, options or [], plan, out, fields, aside, json)


@app.command(epilog="Example: genloss corpus detect crawl.jsonl.gz --calibration calibration.json")
def detect(
    paths: Paths,
    calibration: Annotated[Path, typer.Option(help="What `calibrate` has written.")] = Path(
        "calibration.json"
    ),
    level: Annotated[
        float | None, typer.Option(help="Share of human texts that may be flagged.")
    ] = None,
    guarantee: Annotated[
        str, typer.Option(help="marginal: on average; confident: in 95 % of calibrations.")
    ] = "marginal",
    out: Annotated[
        Path | None, typer.Option(help="Records with score, p-value and answer beside them.")
    ] = None,
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    me: Me = None,
    third_party: ThirdParty = False,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Say which texts score unlike human ones: first whom that wrongs, then what it catches."""
    from genloss.cli.corpus.detect import asked

    asked(
        paths,
        calibration,
        level,
        guarantee,
        out,
        field_map(map, field, fix, me, third_party),
        aside,
        json,
    )


@app.command(epilog="Example: genloss corpus audit texts --out audit.html")
def audit(
    paths: Paths,
    out: Annotated[Path, typer.Option(help="The page; its numbers go beside it, as .json.")] = Path(
        "audit.html"
    ),
    reference: Annotated[
        list[Path] | None, typer.Option(help="People's texts, whose rare words are the measure.")
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="Evaluation sets that the corpus may not hold.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="The .json of an earlier audit: what changed since.")
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="Of `calibrate`: what its detector says, by group.")
    ] = None,
    human: Annotated[
        list[Path] | None, typer.Option(help="Certainly human texts, to estimate the share.")
    ] = None,
    machine: Annotated[
        list[Path] | None, typer.Option(help="Texts by machines, to estimate the share.")
    ] = None,
    group: Annotated[
        str, typer.Option(help="By which people's texts are told apart: domain, source, ...")
    ] = "domain",
    sample: Annotated[int, typer.Option(help="Texts that are looked into.", min=1)] = 20_000,
    title: Annotated[str, typer.Option(help="The headline.")] = "What is in this corpus",
    workers: Workers = 1,
    on: On = "",
    keep_work: KeepWork = False,
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    me: Me = None,
    third_party: ThirdParty = False,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Write one page on a corpus: who wrote it, when, what may be used, what repeats."""
    from genloss.audit.profile.options import AuditOptions
    from genloss.cli.corpus.audit import audited, earlier
    from genloss.cli.corpus.jobs import Where

    audited(
        paths,
        out,
        field_map(map, field, fix, me, third_party),
        AuditOptions(group=group, sample=sample, since=earlier(since)),
        reference=reference or (),
        against=against or (),
        calibration=calibration,
        known=(human or (), machine or ()),
        where=Where(workers, on, keep_work),
        title=title,
        aside_file=aside,
        json=json,
    )


@app.command(epilog="Example: genloss corpus dedup crawl --out distinct --workers 2")
def dedup(
    paths: Paths,
    out: Annotated[Path, typer.Option(help="A folder: kept, removed and dedup.json.")],
    workers: Workers = 1,
    on: On = "",
    exact: Annotated[bool, typer.Option("--exact", help="Exact duplicates alone.")] = False,
    words: Annotated[int, typer.Option(help="Words of a shingle.")] = 5,
    bands: Annotated[int, typer.Option(help="Bands of hashes.")] = 16,
    rows: Annotated[int, typer.Option(help="Hashes of a band.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the hashes.")] = 0,
    shard: Annotated[str, typer.Option(help="Bytes of input that are one job.")] = "64MB",
    keep_work: KeepWork = False,
    map: Map = None,
    field: Field = None,
    fix: Fix = None,
    me: Me = None,
    third_party: ThirdParty = False,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Keep one record of every set of exact and near duplicates; run it again to resume."""
    from genloss.audit.dedup.options import DedupOptions
    from genloss.cli.clusters import bytes_of
    from genloss.cli.corpus.dedup import deduplicated
    from genloss.cli.corpus.jobs import Where

    options = DedupOptions(not exact, words, bands, rows, seed, bytes_of(shard))
    deduplicated(
        paths,
        out,
        options,
        field_map(map, field, fix, me, third_party),
        where=Where(workers, on, keep_work),
        aside_file=aside,
        json=json,
    )


@app.command(epilog="Example: genloss corpus card audit.json --form hub --out README.md")
def card(
    audit_file: Annotated[
        Path, typer.Argument(metavar="AUDIT", help="The numbers of `genloss corpus audit`.")
    ],
    out: Annotated[Path, typer.Option(help="The card to write.")],
    form: Annotated[
        str,
        typer.Option(help="hub, croissant, eu, california, prov, in-toto or openlineage."),
    ] = "hub",
    name: Annotated[str, typer.Option(help="Of the corpus.")] = "A corpus",
    files: Annotated[
        list[Path] | None, typer.Option(help="Its files, or folders: name, size, SHA-256.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a card of a corpus from its audit; what was not measured is marked."""
    from genloss.cli.corpus.card import carded

    carded(audit_file, form, out, name, files or (), json)


@app.command(epilog="Example: genloss corpus trace ID corpus runs")
def trace(
    id_wanted: Annotated[str, typer.Argument(metavar="ID", help="Of a record: sha256:...")],
    paths: Annotated[list[Path], typer.Argument(help="Files and folders; run folders, too.")],
    map: Map = None,
    field: Field = None,
    aside: AsideFile = None,
    json: Json = False,
) -> None:
    """Name every file and run that holds a record, or what was made from it: for a takedown."""
    from genloss.cli.corpus.trace import traced

    if code := traced(id_wanted, paths, field_map(map, field, None), aside, json):
        raise typer.Exit(code)


@app.callback()
def corpus() -> None:
    """Where texts come from, who wrote them, and what may be trained on."""
