"""A real cluster of two nodes on this machine: the bytes of one process, whoever dies."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from genloss.spec.toml import toml_text

from .conftest import GENLOSS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]

HERE = Path(__file__).parent
SPEC = {
    "reality": "gaussian",
    "learner": "mine:Mortal",
    "n_real": 12,
    "generations": 9,
    "chains": 4,
    "chains_per_block": 2,
    "checkpoint_every": 2,
    "metrics": ["sigma"],
    "keep": {"at": [0, 4], "rows": 3},
    "sweep": {"vary": {"n_real": [8, 16], "regime": ["replace", "accumulate"]}},
}


def genloss(*command, folder: Path, env: dict[str, str], check: bool = True):
    """Run a command in a folder with the user's own modules."""
    done = subprocess.run(
        [GENLOSS, *map(str, command)], cwd=folder, env={**os.environ, **env},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or not check, done.stderr
    return done


@pytest.fixture
def own(tmp_path) -> Path:
    """Return a folder of modules and a spec that only a driver which works there can import."""
    for name in ("mine.py", "helped.py"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "spec.toml").write_text(toml_text(SPEC))
    return tmp_path


def test_two_nodes_make_the_bytes_of_one_process_although_workers_die(
    own, cluster, shared_env, graves, folder_bytes
):
    genloss("sweep", "spec.toml", "--root", "here", "--workers", 1, folder=own, env={})
    genloss("sweep", "spec.toml", "--root", "there", "--on", cluster, folder=own, env=shared_env)
    runs = [path.name for path in (own / "here/spec").glob("*-????????????????")]
    assert len(runs) == 4
    for run in runs:
        assert folder_bytes(own / "here/spec" / run) == folder_bytes(own / "there/spec" / run)
    assert sorted(grave.name for grave in graves.iterdir()) == ["16", "40", "8", "80"]
    logs = "".join(log.read_text() for log in (own / "there/spec/logs").iterdir())
    assert logs.count("WorkerLost: a worker of Ray died") == 4
    assert logs.count("begins again, attempt 2 of 3") == 4


def test_other_code_on_a_node_is_refused_there(own, cluster, shared_env):
    """What a node has of the same name is not what the driver has."""
    code = (
        "from genloss.run.executors.agreement import check_code, reach\n"
        "from genloss.spec.code import code_of, sources_of\n"
        "from genloss.study.load import load_study\n"
        "from genloss.errors import SpecError\n"
        "import json, sys\n"
        "sys.path.insert(0, '.')\n"
        "study = load_study('run.toml')\n"
        "check_code(study, code_of(study).checked)\n"
        "try: check_code(study, {'module mine': '0' * 16, 'module helped': '1' * 16})\n"
        "except SpecError as error: print(json.dumps([str(error), sorted(sources_of(study))]))\n"
    )
    (own / "run.toml").write_text(toml_text({k: v for k, v in SPEC.items() if k != "sweep"}))
    done = subprocess.run(
        [GENLOSS.parent / "python", "-c", code], cwd=own, capture_output=True, text=True, check=True
    )
    said, sources = json.loads(done.stdout)
    assert "expected 1111111111111111" in said
    assert sources == ["helped.py", "mine.py"]
