"""Where a base lies on this machine, and what is wrong with it."""

from pathlib import Path

import pytest

from genloss.core.bases import SMOLLM2, Origin, folder_on_disk, kept_folder, origin_of
from genloss.errors import DataError


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLOSS_CACHE", str(tmp_path))
    folder = kept_folder(SMOLLM2.name)
    assert folder == tmp_path / "bases" / "smollm2-135m"
    return folder


def write(folder: Path, size: int) -> None:
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"12345")
    origin = Origin(
        folder, "a.gguf", "0", "A", "MIT", "llama", "Q4_1", 9, "<end>", False, {"numpy": "2"},
        {"model.safetensors": "1"}, {"model.safetensors": size},
    )  # fmt: skip
    (folder / "origin.json").write_text(origin.to_json())
    assert origin_of(folder) == origin


def test_a_folder_is_itself_and_other_names_are_on_the_hub(tmp_path):
    assert folder_on_disk(str(tmp_path)) == tmp_path
    assert folder_on_disk("facebook/opt-125m") is None


def test_a_named_base_lies_in_the_cache_whole(kept):
    write(kept, 5)
    assert folder_on_disk(SMOLLM2.name) == kept


def test_a_named_base_that_is_not_there_or_not_whole_says_how_to_get_it(kept):
    with pytest.raises(DataError, match="is not on this machine yet; get it once: genloss fetch"):
        folder_on_disk(SMOLLM2.name)
    kept.mkdir(parents=True)
    with pytest.raises(DataError, match=r"is missing or damaged .*make it anew: genloss fetch"):
        folder_on_disk(SMOLLM2.name)
    kept.rmdir()
    write(kept, 6)
    with pytest.raises(DataError, match=r"it has 5 bytes, origin\.json says 6; make it anew"):
        folder_on_disk(SMOLLM2.name)
    (kept / "model.safetensors").unlink()
    with pytest.raises(DataError, match="it has 0 bytes"):
        folder_on_disk(SMOLLM2.name)


def test_a_file_of_weights_lies_by_its_digest(kept, tmp_path):
    file = tmp_path / "own.gguf"
    file.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    write(kept.with_name(f"sha256-{empty}"), 5)
    assert folder_on_disk(str(file)) == kept.with_name(f"sha256-{empty}")
