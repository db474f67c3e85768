"""How rows of pixels become what a vision model wants: its size, its colours, its scale."""

import json

import numpy as np
import pytest
import torch

from genloss.models.torch.features.preparation import Preparation, preparation_in

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
NORMALISED = {"image_mean": MEAN, "image_std": STD}


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


def test_enlarged_images_are_interpolated_linearly():
    """Between the centres of pixels, by numpy's own interpolation along each axis."""
    x = rng().random((3, 16))
    found = Preparation((8, 8), (0.0,), (1.0,)).prepared(torch.from_numpy(x)).numpy()
    at = (np.arange(8) + 0.5) / 2 - 0.5
    for image, row in zip(found, x, strict=True):
        wide = np.array([np.interp(at, np.arange(4), line) for line in row.reshape(4, 4)])
        high = np.array([np.interp(at, np.arange(4), line) for line in wide.T]).T
        np.testing.assert_allclose(image[0], high, atol=1e-6)


def test_reduced_images_are_averaged():
    """Antialiased: a tent twice as wide as a new pixel, 1 3 3 1 eighths for half the size."""
    x = rng().random((1, 64))
    found = Preparation((4, 4), (0.0,), (1.0,)).prepared(torch.from_numpy(x)).numpy()[0, 0]
    tent = np.array([1.0, 3.0, 3.0, 1.0]) / 8
    image = x.reshape(8, 8)
    assert found[1, 2] == pytest.approx(tent @ image[1:5, 3:7] @ tent, abs=1e-6)


def test_values_beyond_black_and_white_are_cut():
    cut = Preparation((2, 2), (0.5,), (0.25,), factor=2.0)
    found = cut.prepared(torch.tensor([[-1.0, 0.0, 1.0, 3.0]])).flatten()
    np.testing.assert_allclose(found, [-2.0, -2.0, 6.0, 6.0])


PREPARATIONS = {
    "a crop": (
        {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}},
        {"size": (224, 224)},
    ),
    "no crop": (
        {"size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": False},
        {"size": (256, 256)},
    ),
    "a number": ({"size": 32}, {"size": (32, 32)}),
    "curves": ({"size": 32, "resample": 3}, {"size": (32, 32), "bicubic": True}),
    "bytes": ({"size": 32, "do_rescale": False}, {"size": (32, 32), "factor": 255.0}),
    "signs": ({"size": 32, "rescale_factor": 1 / 127.5}, {"size": (32, 32), "factor": 2.0}),
    "raw": (
        {"size": 32, "do_normalize": False},
        {"size": (32, 32), "mean": (0,) * 3, "std": (1,) * 3},
    ),
}


@pytest.mark.parametrize("name", PREPARATIONS)
def test_preparation_is_what_the_config_says(name, tmp_path):
    told, expected = PREPARATIONS[name]
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(NORMALISED | told))
    whole = Preparation(**{"mean": MEAN, "std": STD, "size": (0, 0), **expected})
    assert preparation_in(tmp_path, 0) == whole
    assert preparation_in(tmp_path, 16).size == (16, 16)


def test_models_of_timm_say_it_in_their_config(tmp_path):
    cfg = {"input_size": [3, 299, 299], "mean": MEAN, "std": STD, "interpolation": "bicubic"}
    (tmp_path / "config.json").write_text(json.dumps({"pretrained_cfg": cfg}))
    assert preparation_in(tmp_path, 0) == Preparation((299, 299), MEAN, STD, 1.0, True)
