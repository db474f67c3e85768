"""A hub on this machine: what is fetched from it, and what is said where something lacks."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from genloss.models.torch.lm import base
from genloss.models.torch.lm.hub import NEEDED, SAFETENSORS

pytestmark = pytest.mark.slow

COMMIT = "a" * 40
ASK = """
import json, sys
import numpy as np
from genloss.core.samples import Samples
from genloss.models.torch.lm.hugging_face import HuggingFaceLearner
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.realities.hub_texts import HubTexts
from genloss.realities.texts import Texts

rows, rng = Samples.of(np.ones((1, 4, 8), dtype=np.int64), 0), np.random.default_rng(0)
ways = {
    "own": lambda name: TransformerLearner(name).fit(rows, rng),
    "own base": lambda name: TransformerLearner(name).base_model().state(),
    "own scratch": lambda name: TransformerLearner(name, start="scratch").decoder(),
    "revision": lambda name: TransformerLearner(name, revision="mine").fit(rows, rng),
    "theirs": lambda name: HuggingFaceLearner(name).fit(rows, rng),
    "tokeniser": lambda name: Texts(tokeniser=name).identity(),
    "text": lambda name: HubTexts(name).identity(),
}
for line in sys.stdin:
    way, name = line.strip().split("\\t")
    try:
        ways[way](name)
        said = ""
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    print(json.dumps([way, name, said]))
"""
ASKED = [
    *((way, f"me/{name}") for name in ("gated", "missing") for way in ("own", "theirs")),
    ("tokeniser", "me/gated"),
    ("text", "me/gated"),
    *((way, "me/pickled") for way in ("own", "own base", "own scratch", "revision", "theirs")),
    ("own", "me/mixed"),
    ("theirs", "me/mixed"),
]


class Hub(BaseHTTPRequestHandler):
    """Answers as the Hugging Face hub does, for the repositories in `server.held`."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        repository = next((name for name in self.server.held if f"/{name}" in path), None)
        if repository is None:
            gated = "gated" in path
            return self._answer(
                403 if gated else 404, b"{}", "GatedRepo" if gated else "RepoNotFound"
            )
        files = self.server.held[repository]
        name = path.rpartition("/")[2]
        if "/resolve/" in path:
            if name not in files:
                return self._answer(404, b"{}", "EntryNotFound")
            return self._answer(200, files[name])
        if "/tree/" in path:
            entries = [
                {"type": "file", "path": k, "size": len(v), "oid": hashlib.sha1(v).hexdigest()}
                for k, v in files.items()
            ]
            return self._answer(200, json.dumps(entries).encode())
        siblings = [{"rfilename": k} for k in files]
        about = {"id": repository, "sha": COMMIT, "siblings": siblings, "private": False}
        return self._answer(200, json.dumps(about).encode())

    do_HEAD = do_GET

    def _answer(self, code, body, refused=""):
        self.send_response(code)
        if refused:
            self.send_header("X-Error-Code", refused)
        self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def hub(pair, tmp_path_factory):
    """Ask learners for models of the hub; return what they said, and the paths that were read."""
    folder = pair("opt").folder
    config, weights = ((folder / f).read_bytes() for f in ("config.json", "model.safetensors"))
    pickled = {"config.json": config, "pytorch_model.bin": b"no", "modeling_mine.py": b"no"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked = []
    server.held = {
        "me/pickled": pickled,
        "me/mixed": pickled
        | {"model.safetensors": weights, "tokenizer.json": b"{}", "model.pt": b"no"},
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "OMP_NUM_THREADS": "1"}
    own |= {"HF_HOME": str(tmp_path_factory.mktemp("home")), "NO_PROXY": "*", "HF_HUB_OFFLINE": "0"}
    left_out = ("HF_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    environment = {k: v for k, v in os.environ.items() if k not in left_out} | own
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", ASK],
            input="".join(f"{way}\t{name}\n" for way, name in ASKED),
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        )
    finally:
        server.shutdown()
        server.server_close()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {(way, name): said for way, name, said in answers}, server.asked


@pytest.mark.parametrize("way", ["own", "theirs"])
def test_a_gated_model_says_what_to_do(hub, way):
    said = hub[0][way, "me/gated"]
    assert said.startswith("DataError: me/gated ")
    assert "is gated; accept its terms on its page, then log in with 'hf auth login'" in said


@pytest.mark.parametrize("way", ["tokeniser", "text"])
def test_a_gated_text_or_tokeniser_says_what_to_do(hub, way):
    said = hub[0][way, "me/gated"]
    assert said.startswith("DataError: me/gated")
    assert "gated" in said.lower().partition(";")[0]
    assert "accept its terms on its page and log in" in said


@pytest.mark.parametrize("way", ["own", "theirs"])
def test_a_name_that_nobody_has_is_to_be_checked(hub, way):
    said = hub[0][way, "me/missing"]
    assert said.startswith("DataError: me/missing cannot be ")
    assert "check the name" in said
    assert "gated;" not in said


@pytest.mark.parametrize("way", ["own", "own base", "theirs", "revision"])
def test_a_model_with_pickled_weights_alone_names_the_reason_and_the_way_out(hub, way):
    at = " (revision 'mine')" if way == "revision" else ""
    said = hub[0][way, "me/pickled"]
    assert said == f"DataError: me/pickled{at} holds no safetensors; {SAFETENSORS}"
    assert "convert them once" in said
    assert "refs/pr/" in said


def test_sizes_alone_need_no_weights(hub):
    assert hub[0]["own scratch", "me/pickled"] == ""


def test_safetensors_beside_pickled_weights_are_trained_from(hub):
    assert hub[0]["own", "me/mixed"] == hub[0]["theirs", "me/mixed"] == ""


def test_nothing_pickled_and_no_code_is_fetched_or_converted_elsewhere(hub):
    fetched = {path.rpartition("/")[2] for path in hub[1] if "/resolve/" in path}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= fetched
    assert not [name for name in fetched if not name.endswith((".json", ".safetensors", ".md"))]
    assert not [path for path in hub[1] if path.endswith(("/discussions", "/commits/main"))]


def test_files_that_are_fetched_are_data():
    assert not [p for p in NEEDED if p.endswith(("*", ".bin", ".py", ".pt", ".pth", ".pkl", ".h5"))]
    assert {"*.json", "*.safetensors"} <= set(NEEDED)


@pytest.mark.parametrize("allowed", [False, True])
def test_nobody_is_told_to_allow_code_that_is_allowed(allowed):
    error = ValueError("contains custom code; set `trust_remote_code=True`")
    told = str(base._unread("some/model", error, allowed))
    assert ("set remote_code = true" in told) is not allowed
