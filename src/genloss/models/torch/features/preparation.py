"""Rows of pixels as a pretrained vision model wants to see them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genloss.core.parsing import parsing_reason
from genloss.errors import DataError

PREPROCESSING = "preprocessor_config.json"
CURVED = ("bicubic", 1, 3)
"""How configs name a resize by cubic curves; Lanczos (1), which torch has not, is nearest to it."""


@dataclass(frozen=True)
class Preparation:
    """Size (height, width) in pixels, and what normalises each colour: (x factor - mean) / std."""

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    factor: float = 1.0
    bicubic: bool = False

    def prepared(self, rows: Tensor) -> Tensor:
        """Return images (B, colours, height, width) of grey rows (B, side^2), cut to [0, 1].

        The whole image is resized, antialiased; nothing is cropped away.
        """
        side = side_of(rows.shape[1])
        grey = rows.clamp(0.0, 1.0).reshape(-1, 1, side, side)
        mode = "bicubic" if self.bicubic else "bilinear"
        resized = F.interpolate(grey, self.size, mode=mode, antialias=True).clamp(0.0, 1.0)
        mean, std = (
            torch.tensor(v, device=rows.device)[:, None, None] for v in (self.mean, self.std)
        )
        return (self.factor * resized - mean) / std


def side_of(d: int) -> int:
    """Return the side of a square image of d pixels; raises DataError for other numbers."""
    side = int(np.sqrt(d))
    if side * side != d:
        raise DataError(
            f"vision: rows have {d} values; expected square grey images, flattened (64, 784, ...); "
            "crop or pad them, or use features = 'pixels'"
        )
    return side


def preparation_in(folder: Path, size: int) -> Preparation:
    """Return the preparation that a model's folder asks for; size > 0 replaces its own.

    Raises:
        DataError: no preprocessor_config.json (or, of timm, pretrained_cfg), or one without sizes.
    """
    path, config = folder / PREPROCESSING, _json(folder / "config.json")
    try:
        if path.exists():
            return _as_transformers(_json(path), config.get("num_channels", 3), size)
        return _as_timm(config["pretrained_cfg"], size)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} does not say how images are prepared ({type(error).__name__}: {error}); "
            "expected size, image_mean and image_std; copy the file that belongs to the model"
        ) from error


def _as_transformers(settings: Mapping[str, Any], colours: int, size: int) -> Preparation:
    mean, std = (0.0,), (1.0,)
    if settings.get("do_normalize", True):
        mean, std = tuple(settings["image_mean"]), tuple(settings["image_std"])
    factor = 255.0
    if settings.get("do_rescale", True):
        factor *= settings.get("rescale_factor", 1 / 255)
    cropped = "crop_size" in settings and settings.get("do_center_crop", True)
    own = (size, size) if size else _pair(settings["crop_size" if cropped else "size"])
    bicubic = settings.get("resample") in CURVED
    return Preparation(own, _each(mean, colours), _each(std, colours), factor, bicubic)


def _as_timm(settings: Mapping[str, Any], size: int) -> Preparation:
    colours, *own = settings["input_size"]
    pair = (size, size) if size else (int(own[0]), int(own[1]))
    mean, std = _each(settings["mean"], colours), _each(settings["std"], colours)
    return Preparation(pair, mean, std, 1.0, settings.get("interpolation") in CURVED)


def _pair(size: Any) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    if "shortest_edge" in size:
        return int(size["shortest_edge"]), int(size["shortest_edge"])
    return int(size["height"]), int(size["width"])


def _each(values: Sequence[float], colours: int) -> tuple[float, ...]:
    if len(values) not in (1, colours):
        raise ValueError(f"{len(values)} values for {colours} colours")
    return tuple(map(float, values)) * (colours // len(values))


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path} cannot be read ({parsing_reason(error)}); copy it again"
        ) from error
    if not isinstance(content, dict):
        raise DataError(f"{path} holds {type(content).__name__}; expected an object; copy it again")
    return content
