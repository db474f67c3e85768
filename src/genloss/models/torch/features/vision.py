"""Features through a vision model that was trained elsewhere."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genloss.core.about import About
from genloss.core.arrays import Array, Floats, checked_count
from genloss.core.roles import Model
from genloss.errors import DataError, MissingExtra
from genloss.models.torch.device import Device, pick, stream
from genloss.models.torch.features.preparation import (
    PREPROCESSING,
    Preparation,
    preparation_in,
    side_of,
)
from genloss.models.torch.feeds import LOOK, on
from genloss.models.torch.images import check_images
from genloss.models.torch.lm.hub import content_of, folder_of
from genloss.models.torch.lm.modules import transformers, without_bars
from genloss.models.torch.memory import lacks_memory

IMAGES_AT_ONCE, IMAGES_CHECKED = 64, 8
"""Images seen at a time, and real ones looked at before."""


@dataclass(frozen=True, eq=False)
class LoadedVision:
    """A vision model on its device.

    pooled: whether its own pooling is trained; two_towers: whether it embeds images beside texts.
    """

    module: Any
    preparation: Preparation
    device: torch.device
    pooled: bool
    two_towers: bool

    def features(self, x: Array) -> Floats:
        """Return the features (C, n, k) of images x (C, n, side^2); one pass of the model each.

        Raises:
            DataError: rows that are not square images, or a size that the model refuses.
        """
        if x.ndim != 3:
            raise DataError(f"vision: images have shape {x.shape}; expected (C, n, side^2)")
        side_of(x.shape[2])
        rows = x.reshape(-1, x.shape[2])
        with torch.no_grad():
            parts = [
                self._seen(self.preparation.prepared(on(self.device, rows[i : i + IMAGES_AT_ONCE])))
                for i in range(0, len(rows), IMAGES_AT_ONCE)
            ]
        out = np.concatenate([part.cpu().numpy() for part in parts]).astype(np.float64)
        return out.reshape(*x.shape[:2], -1)

    def _seen(self, images: Tensor) -> Tensor:
        """Return the pooled output (B, k), or else the mean over tokens or places."""
        look = self.module.get_image_features if self.two_towers else self.module
        try:
            out = look(pixel_values=images)
        except (ValueError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and lacks_memory(error):
                raise
            why = str(error).partition("\n")[0]
            raise DataError(
                f"vision: the model refuses images of {tuple(images.shape[1:])} ({why}); set size "
                "to the side that it was trained on, or leave it 0"
            ) from error
        if self.pooled and out.get("pooler_output") is not None:
            return out["pooler_output"].flatten(1).double()
        hidden = out["last_hidden_state"].double()
        return hidden.mean((2, 3)) if hidden.dim() == 4 else hidden.mean(1)


@dataclass(frozen=True)
class Vision:
    """Any vision model of transformers: DINOv2, ViT, ResNet, CLIP, or timm's (Inception, say).

    base: the folder of a saved model or a name on the Hugging Face hub (revision: a branch, tag or
    commit of it). Only safetensors are loaded, and no code that comes along is run. Its identity is
    the content of the folder, not its path.

    Features: the model's pooled output (CLIP's: its embedding of images); where it has none, or
    none that is trained, the mean over tokens or places. Grey images in [0, 1] are cut to that
    range, repeated in every colour, resized to the input of the network and normalised as its
    preprocessor_config.json says, but never cropped. size: another side in pixels, smaller for
    speed, where the model takes it (0: its own). Stein et al. 2023 find DINOv2 nearer to human
    judgement than Inception. Scores are comparable only for the same model at the same size.

    Raises:
        DataError: a size below 0.
    """

    about = About("vision", "Vision model", "What a pretrained vision model sees.")
    base: str = field(metadata={"identity": False})
    revision: str = field(default="", metadata={"identity": False})
    size: int = 0
    device: Device = field(default="auto", repr=False, metadata={"identity": False})

    def __post_init__(self) -> None:
        checked_count(self.size, "vision: size", 0)

    def identity(self) -> dict[str, str]:
        """Return what stands for the base: the SHA-256 of its content, or its name on the hub."""
        path = Path(self.base).expanduser() / PREPROCESSING
        out = content_of(self.base, self.revision)
        if path.is_file():
            out["preparation"] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        return out

    def learned(self, p_0: Model) -> LoadedVision:
        """Return the model, loaded; nothing is learned.

        Raises:
            DataError: a reality whose rows are not square images in [0, 1], a base that cannot be
                read, is not a vision model or has no safetensors, images that it refuses.
            MissingExtra: transformers or, for one of its models, timm is not installed.
        """
        x = p_0.sample(IMAGES_CHECKED, stream(0, LOOK))
        check_images(x, "vision: real rows")
        side_of(x.shape[2])
        folder = folder_of(self.base, self.revision)
        preparation = preparation_in(folder, self.size)
        module, missing = _loaded(self.base, folder)
        if any("pooler" not in name for name in missing):
            raise DataError(
                f"{self.base} lacks weights ({', '.join(sorted(missing)[:3])}, ...), which would "
                "be random; download it again, or choose a checkpoint of the whole model"
            )
        two_towers = "vision_config" in module.config.to_dict()
        if module.main_input_name != "pixel_values" and not two_towers:
            raise DataError(
                f"{self.base} is {type(module).__name__}, which takes no images; expected a vision "
                "model such as facebook/dinov2-small"
            )
        device = pick(self.device)
        vision = LoadedVision(
            module.to(device).eval(), preparation, device, not missing, two_towers
        )
        vision.features(x[:1, :1])
        return vision


@contextlib.contextmanager
def _without_reports() -> Iterator[None]:
    """Keep transformers from listing missing weights for a while; here they are dealt with."""
    logging = transformers().utils.logging
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _loaded(base: str, folder: Path) -> tuple[Any, set[str]]:
    """Return the model in a folder, float32, and the names of weights that are not there."""
    try:
        with without_bars(), _without_reports():
            module, about = transformers().AutoModel.from_pretrained(
                folder,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except (OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0][:160]
        why = "expected a model that transformers knows, saved by save_pretrained"
        if "safetensors" in reason:
            why = (
                "only safetensors are loaded, since pickled weights can run code; if you trust "
                "them, convert them once: AutoModel.from_pretrained(NAME).save_pretrained(FOLDER)"
            )
        raise DataError(f"{base} cannot be loaded ({reason}); {why}") from error
    except ImportError as error:
        reason = " ".join(str(error).split())[:160]
        raise MissingExtra(
            f"{base} needs a package that is not installed ({reason}); models of timm: pip install "
            "timm torchvision pillow"
        ) from error
    return module, set(about["missing_keys"])
