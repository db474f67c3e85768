"""Where a base model lies: a folder of yours, or a name on the Hugging Face hub."""

import hashlib
from pathlib import Path

from genloss.core.bases import folder_on_disk
from genloss.core.extras import check_installed
from genloss.core.places import digest_of, offline_advice
from genloss.errors import DataError
from genloss.models.torch.lm.checkpoint import ADAPTER, CONFIG
from genloss.models.torch.lm.tensors import read_json

ADAPTER_WEIGHTS = "adapter_model.safetensors"

NEEDED = ["*.json", "*.safetensors", "*.model", "*.txt"]
"""Files of a model and its tokeniser; nothing pickled, no code."""

SAFETENSORS = (
    "only safetensors are loaded, since pickled weights can run code; if you trust them, convert "
    "them once: AutoModelForCausalLM.from_pretrained(NAME).save_pretrained(FOLDER), and give the "
    "folder; for a hub name, a revision such as 'refs/pr/1' may hold a conversion"
)

MERGE = (
    "merge it once, where both are: peft.AutoPeftModelForCausalLM.from_pretrained(ADAPTER)"
    ".merge_and_unload().save_pretrained(NEW), and give the new folder"
)

DOWNLOAD = "download it once where there is a network: hf download NAME --local-dir FOLDER"


def offline() -> str:
    """Return what to do without a way to the hub."""
    return f"{offline_advice()}; {DOWNLOAD}"


def folder_of(base: str, revision: str = "") -> Path:
    """Return the folder of a base model, downloaded if it is a name on the hub.

    base: as of `folder_on_disk`.

    Raises:
        DataError: no such folder or name, not fetched yet, no way to reach the hub, or no leave to.
        MissingExtra: a name on the hub without the packages that fetch it.
    """
    folder = folder_on_disk(base)
    if folder is not None:
        return folder
    if base.startswith((".", "/", "~")) or base.count("/") > 1:
        raise DataError(f"{base} is not a folder; expected that of a saved model, or a hub name")
    check_installed("huggingface_hub", f"{base!r}, a name on the hub,")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(base, revision=revision or None, allow_patterns=NEEDED))
    except GatedRepoError as error:
        raise DataError(
            f"{base} is gated; accept its terms on its page, then log in with 'hf auth login'"
        ) from error
    except LocalEntryNotFoundError as error:
        raise DataError(
            f"{base} is not on this machine and the hub cannot be reached; {offline()}"
        ) from error
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise DataError(
            f"{base} cannot be fetched ({reason}); check the name; {offline()}"
        ) from error


def weights_of(base: str, revision: str = "") -> Path:
    """Return the folder of a base model that holds weights, downloaded if it is a name on the hub.

    Raises:
        DataError, MissingExtra: as `folder_of`, or a name on the hub without safetensors.
    """
    folder = folder_of(base, revision)
    if folder_on_disk(base) is None and not any(folder.glob("*.safetensors")):
        at = f" (revision {revision!r})" if revision else ""
        raise DataError(f"{base}{at} holds no safetensors; {SAFETENSORS}")
    return folder


def below(folder: Path) -> tuple[str, str] | None:
    """Return name and revision of the base that the adapter of a folder without one is for.

    Raises:
        DataError: an adapter that names no base, or one that is an adapter again.
    """
    if (folder / CONFIG).exists() or not (folder / ADAPTER).exists():
        return None
    adapter = read_json(folder / ADAPTER, "")
    name = adapter.get("base_model_name_or_path")
    if not isinstance(name, str) or not name:
        raise DataError(
            f"{folder} holds an adapter alone, and {ADAPTER} names no base; write the folder or "
            f"hub name of its base there as base_model_name_or_path, or {MERGE}"
        )
    if (Path(name).expanduser() / ADAPTER).exists():
        raise DataError(
            f"{folder} holds an adapter of {name}, which holds an adapter too, and transformers "
            f"applies one of them alone; {MERGE}"
        )
    return name, str(adapter.get("revision") or "")


def content_of(base: str, revision: str) -> dict[str, str]:
    """Return what identifies a base model: the SHA-256 of its folder's content, or the hub name.

    Of an adapter alone, the base that it is for counts as well.
    """
    folder = folder_on_disk(base)
    if folder is None:
        return {"base": f"{base}@{revision}" if revision else base}
    digest = hashlib.sha256()
    for path in sorted((folder / CONFIG, folder / ADAPTER, *folder.glob("*.safetensors"))):
        if path.exists():
            digest.update(bytes.fromhex(digest_of(path)))
    if of := below(folder):
        digest.update(content_of(*of)["base"].encode())
    return {"base": f"sha256:{digest.hexdigest()}"}
