"""The rules, policy and mixture that docs/curate.md shows decide on what readers give, alone."""

import gzip
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genloss.cli.main import app

PAGE = (Path(__file__).parents[2] / "docs" / "curate.md").read_text()


def told(words):
    done = CliRunner().invoke(app, [*words, "--json"], prog_name="genloss")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def shown(name):
    found = re.search(rf"```toml\n# {name}\n(.*?)```", PAGE, flags=re.DOTALL)
    assert found is not None
    return found[1]


def rows(words, n, **fields):
    made = [{"text": f"{i} " + "word " * (words - 1), **fields} for i in range(n)]
    return "".join(json.dumps(row) + "\n" for row in made)


@pytest.mark.slow
def test_what_the_page_shows_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    people = {"captured": "2020-02-01", "licence": "CC0-1.0", "origin": "human"}
    crawl = rows(20, 4, **people) + rows(19, 2, **people)
    crawl += rows(21, 1, **people | {"captured": "2023-01-01"})
    crawl += rows(22, 1, **people | {"licence": "CC-BY-NC-4.0"})
    (tmp_path / "crawl.jsonl.gz").write_bytes(gzip.compress(crawl.encode()))
    (tmp_path / "made.jsonl").write_text(rows(30, 3, origin="machine"))
    for name in ("rules.toml", "policy.toml"):
        (tmp_path / name).write_text(shown(name))
    mixture = shown("mixture.toml").replace("total = 100000", "total = 8")
    (tmp_path / "mixture.toml").write_text(mixture)
    kept = []
    for line in re.findall(r"^    (genloss corpus (?:curate|mix) .*)$", PAGE, flags=re.MULTILINE):
        account = told(shlex.split(line)[1:])
        outputs = account.get("outputs")
        kept.append(outputs["kept"]["records"] if outputs else account["output"]["records"])
    assert kept == [5, 7, 7, 8]
