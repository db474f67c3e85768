"""What a cluster sends back and what it is asked for, without a cluster."""

import socket
import subprocess
import sys

import pytest
import ray

from genloss.cli.clusters import bytes_of, executor_for, resources_of
from genloss.core.resources import MEMORY
from genloss.errors import FitError, GenlossError, ResourceError, SpecError, WorkerLost
from genloss.run.executors.agreement import check_software, software
from genloss.run.executors.ray import Resources, _check_nodes, _connect, _lost
from genloss.run.executors.ray_head import Head
from genloss.run.executors.ray_worker import Outcome, outcome_of
from genloss.study.grid import Grid


@pytest.mark.parametrize(
    "error", [FitError("no rows"), WorkerLost("gone", MEMORY), ZeroDivisionError("by zero")]
)
def test_an_error_arrives_as_what_it_was(error):
    back = outcome_of(error).as_error()
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert getattr(back, "lacks", "") == getattr(error, "lacks", "")


def test_an_error_of_a_class_that_is_not_here_arrives_in_words():
    class OwnError(Exception):
        pass

    back = outcome_of(OwnError("odd")).as_error()
    assert type(back) is GenlossError
    assert str(back) == "OwnError: odd"
    assert Outcome().as_error() is None


class Slow:
    """A Ray that cannot start in time, and keeps what it was asked for."""

    def init(self, **options):
        self.options = options
        raise Exception("The current node timed out during startup.\nMore words.")


def test_a_cluster_that_cannot_start_is_one_line_and_never_one_that_was_here_before(monkeypatch):
    """By its own default Ray joins what /tmp/ray names, dead or alive."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    ray = Slow()
    with pytest.raises(ResourceError) as error:
        _connect(ray, "")
    assert str(error.value) == (
        "Ray does not start on this machine: The current node timed out during startup."
    )
    assert ray.options["address"] == "local"


def test_a_node_has_room_for_as_many_blocks_as_its_scarcest_resource():
    node = {"CPU": 8.0, "GPU": 2.0, "memory": 10e9}
    assert Resources().fit(node) == 8
    assert Resources(cpus=2, gpus=0.5).fit(node) == 4
    assert Resources(memory=4 * 10**9).fit(node) == 2
    assert Resources(gpus=1).fit({"CPU": 8.0}) == 0
    with pytest.raises(SpecError, match="cpus above 0"):
        Resources(cpus=0)


@pytest.mark.parametrize(
    ("text", "size"), [("4GB", 4 * 10**9), ("500 mb", 5 * 10**8), ("1e3", 1000), ("2.5k", 2500)]
)
def test_memory_in_words(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["four", "4 PB", "", "1.2.3GB"])
def test_memory_that_is_none(text):
    with pytest.raises(SpecError, match="such as 4GB"):
        bytes_of(text)


def test_other_software_is_refused_with_both():
    check_software(software(), software(), "a")
    theirs = {**software(), "numpy": "1.0"}
    with pytest.raises(SpecError, match=f"numpy: 1.0 there, {software()['numpy']} here"):
        check_software(theirs, software(), "a")


@pytest.mark.parametrize("package", ["tokenizers", "transformers", "peft", "pyarrow", "gguf"])
def test_a_node_with_another_package_that_tokens_depend_on_is_refused(package):
    """Two versions of a tokeniser may give two corpora: as told as two of numpy."""
    ours = software()
    for theirs in ({**ours, package: "0.1"}, {k: v for k, v in ours.items() if k != package}):
        with pytest.raises(SpecError, match=f"{package}: (0.1|none) there, {ours[package]} here"):
            check_software(theirs, ours, "a")


def test_packages_that_no_number_depends_on_may_differ():
    assert not {"ray", "s3fs", "vl-convert", "tensorboardX"} & {*software()}


def test_two_checkouts_of_one_version_differ():
    """The version alone is the same in both."""
    theirs = {**software(), "genloss's source": "0" * 16}
    with pytest.raises(SpecError, match="genloss's source: 0000000000000000 there"):
        check_software(theirs, software(), "a")


def test_a_node_that_does_not_answer_is_not_taken_for_one_without_genloss():
    class Busy:
        exceptions = ray.exceptions

        def remote(self, function=None):
            return self

        def options(self, **options):
            return self

        def get(self, ref, timeout):
            raise ray.exceptions.GetTimeoutError("Get timed out")

    node = {"NodeManagerHostname": "b", "NodeID": "0" * 56}
    with pytest.raises(ResourceError, match="node b has not answered within 60 s: it is busy"):
        _check_nodes(Busy(), [node])


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("127.0.0.1:1", r"nobody answers at 127.0.0.1:1 .*ray start --head --port=1"),
        ("ray://127.0.0.1:1", r"ray start --head --ray-client-server-port=1"),
        ("somewhere", r"expected ray, HOST:PORT"),
    ],
)
def test_a_cluster_that_is_not_there_says_how_to_start_one(on, said):
    with pytest.raises(SpecError, match=said), executor_for(on, 1, 0, ""):
        pass


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"cpu": 2}, "cpu"),
        ({"cpus": "two"}, "sweep.resources.cpus is 'two'"),
        ({"memory": "much"}, "such as 4GB"),
        ([1], "expected a table with cpus, gpus, memory"),
    ],
)
def test_a_table_of_resources_is_checked(table, said):
    with pytest.raises(SpecError, match=said), executor_for("ray", asked=table):
        pass


def test_a_grid_may_say_what_a_block_takes():
    grid = {"vary": {"n_real": [8, 16]}, "resources": {"cpus": 2}}
    assert Grid.of(grid, "x") == Grid.of({"vary": grid["vary"]}, "x")


@pytest.mark.parametrize(
    ("options", "takes"),
    [
        ({}, Resources(2, 1, 8 * 10**9)),
        ({"cpus": 1}, Resources(1, 1, 8 * 10**9)),
        ({"gpus": 0}, Resources(2, 0, 8 * 10**9)),
        ({"memory": "1GB"}, Resources(2, 1, 10**9)),
        ({"cpus": 1, "gpus": 0, "memory": "0"}, Resources()),
    ],
)
def test_what_an_option_says_wins_over_the_table(options, takes):
    assert resources_of(**options, asked={"cpus": 2, "gpus": 1, "memory": "8GB"}) == takes
    assert resources_of(cpus=3) == Resources(3)


def test_resources_without_a_cluster_are_refused():
    for cpus in (1, 2):
        with pytest.raises(SpecError, match="add --on ray"), executor_for("", cpus):
            pass


@pytest.mark.slow
def test_ray_is_loaded_by_nobody_who_does_not_ask_for_it():
    modules = "genloss.run.executors.ray, genloss.cli.clusters"
    code = f"import sys, {modules}; assert not {{'ray', 'fsspec'}} & {{*sys.modules}}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_memory_is_advised_only_where_it_was_short():
    import ray

    kinds = ray.exceptions
    lost = {
        kind: _lost(ray, error)
        for kind, error in {
            "memory": kinds.OutOfMemoryError("killed by the memory monitor"),
            "node": kinds.NodeDiedError("the node is gone"),
            "worker": kinds.WorkerCrashedError(),
        }.items()
    }
    assert {kind for kind, error in lost.items() if "--memory" in str(error)} == {"memory"}
    assert {kind for kind, error in lost.items() if error.lacks} == {"memory"}
    assert "its node is gone" in str(lost["node"])
    assert all("run the same command again" in str(error) for error in lost.values())


def test_a_head_that_has_gone_is_told_from_one_that_is_slow_and_one_out_of_reach():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        head = Head(address)
        head.check()
    head.check()
    head.answered -= 11.0
    with pytest.raises(ResourceError, match=f"{address} has gone: Connection refused for 11 s; "):
        head.check()
    # From outside a cluster, through its client, the address that its nodes use may lead nowhere.
    Head(address).check()


def test_the_board_loads_nothing_of_what_works():
    """It has a process of its own, for every command: numpy and the rest would cost a second."""
    code = "import genloss.run.executors.ray_board, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
