"""What `genloss corpus curate` does and says."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genloss.audit.selection.curation import Curation, Outputs, curate
from genloss.audit.selection.policy import Policy, read_policy
from genloss.audit.selection.rules import AnyRule, day, read_rules, rule_from
from genloss.cli import console
from genloss.cli.corpus.jobs import Where, doing
from genloss.cli.corpus.options import named
from genloss.cli.corpus.read import say_aside
from genloss.cli.waiting import at_work
from genloss.corpus.record.aside import aside_in
from genloss.corpus.record.field_map import FieldMap
from genloss.errors import SpecError
from genloss.report.formatting import count


def rules_asked(
    rules: Path | None, policy: Path | None, before: str, evidence: str
) -> tuple[AnyRule | Policy, ...]:
    """Return the rules of the options, in the order date, policy, file.

    Raises:
        SpecError: none, or one that is wrong.
    """
    found: list[AnyRule | Policy] = []
    if before:
        day(before, "--before")
        entry = {"name": "before", "before": before, "evidence": evidence}
        found.append(rule_from(entry, "--before"))
    if policy is not None:
        found.append(read_policy(policy))
    found += read_rules(rules) if rules is not None else ()
    if not found:
        raise SpecError("no rule; expected --rules FILE, --policy FILE or --before DATE")
    return tuple(found)


def curated(
    paths: Sequence[Path],
    rules: tuple[AnyRule | Policy, ...],
    out: Path,
    fields: FieldMap,
    *,
    where: Where,
    aside_file: Path | None,
    json: bool,
) -> None:
    """Apply rules to a corpus, and show the funnel."""
    curation = Curation(tuple(paths), rules, fields)
    with doing(where) as do, aside_in(aside_file) as aside, at_work("applying rules"):
        own = named(aside_file)
        account = curate(curation, out, aside, do, keep_work=where.keep_work, outputs=own)
    if json:
        console.print_json(account)
        return
    _say(account, [rule.name for rule in rules], out)
    say_aside(aside, aside_file)


def _say(account: dict[str, Any], names: Sequence[str], out: Path) -> None:
    funnel, outputs = account["funnel"], account["outputs"]
    kept, refused = outputs["kept"]["records"], outputs["refused"]["records"]
    console.print_prose(f"{count(funnel['read'], 'record')}: {kept:,} kept, {refused:,} refused")
    if answers := funnel["answers"]:
        told = ", ".join(f"{n:,} {verdict}" for verdict, n in answers.items())
        console.print_prose(f"kept, by the policy: {told}")
    origins = sorted({origin for _, origin, _, _ in funnel["first"]})
    first: Counter[tuple[str, str]] = Counter()
    bands: Counter[tuple[str, str]] = Counter()
    for rule, origin, band, n in funnel["first"]:
        first[rule, origin] += n
        bands[rule, band] += n
    shown = [*names, "kept"]
    rows = [[r, *(f"{first[r, o]:,}" for o in origins), _alone(funnel, r)] for r in shown]
    console.print_table(["refused by", *origins, "by itself"], rows, ["refused by"])
    console.print_line("")
    found = sorted({band for _, band in bands})
    rows = [[r, *(f"{bands[r, b]:,}" for b in found)] for r in shown]
    console.print_table(["refused by", *found], rows, ["refused by"])
    where = Outputs(out)
    console.print_hint(f"kept: {out}; refused: {where.refused.name}; account: {where.account.name}")


def _alone(funnel: dict[str, Any], rule: str) -> str:
    return "" if rule == "kept" else f"{funnel['alone'].get(rule, 0):,}"
