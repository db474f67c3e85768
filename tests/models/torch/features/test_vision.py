"""Vision models as eyes: what they see, what they are asked with, and what is refused."""

import importlib.util
import json

import numpy as np
import pytest
import torch

from genloss.core.features import FeatureMap, Features
from genloss.core.forms import Rows
from genloss.core.view import View
from genloss.errors import DataError, MissingExtra
from genloss.metrics.arrays.frechet import frechet_distance
from genloss.metrics.images import FID
from genloss.models.gaussian import GaussianModel
from genloss.models.torch.features.preparation import Preparation
from genloss.models.torch.features.vision import Vision
from genloss.realities.digits import Digits8x8
from genloss.realities.gaussians import Gaussian
from genloss.spec.build import build
from genloss.study.study import Study, identity

pytestmark = pytest.mark.slow

transformers = pytest.importorskip("transformers")

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
NORMALISED = {"image_mean": MEAN, "image_std": STD}
SMALL = {"hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2}
VIT = SMALL | {"intermediate_size": 16, "image_size": 8, "patch_size": 4}


def rng(key: int = 0) -> np.random.Generator:
    return np.random.default_rng(key)


@pytest.fixture(scope="module")
def reality():
    return Digits8x8().realise(2, rng())


@pytest.fixture(scope="module")
def images(reality):
    return reality.sample(70, rng(1))


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """No bars while tests save models."""
    transformers.utils.logging.disable_progress_bar()
    yield
    transformers.utils.logging.enable_progress_bar()


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves a model with a preprocessor_config.json: (folder, model)."""

    def save(model, **told):
        model = model.float().eval()
        # As drawn, the weights of so small a network hardly tell images apart.
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(4.0)
        model.save_pretrained(tmp_path / "model")
        told = {"size": {"height": 8, "width": 8}, **NORMALISED, **told}
        (tmp_path / "model" / "preprocessor_config.json").write_text(json.dumps(told))
        return str(tmp_path / "model"), model

    return save


def dinov2():
    torch.manual_seed(0)
    config = transformers.Dinov2Config(**SMALL, image_size=8, patch_size=4)
    return transformers.Dinov2Model(config)


def in_colour(x):
    """Prepare images of the network's own size by hand."""
    grey = torch.from_numpy(x).float().reshape(-1, 1, 8, 8)
    mean, std = torch.tensor(MEAN), torch.tensor(STD)
    return (grey.expand(-1, 3, 8, 8) - mean.reshape(3, 1, 1)) / std.reshape(3, 1, 1)


@torch.no_grad()
def test_features_are_the_models_pooled_output(saved, reality, images):
    folder, model = saved(dinov2())
    seen = Vision(folder, device="cpu").learned(reality)
    assert isinstance(Vision(folder), Features)
    assert isinstance(seen, FeatureMap)
    found = seen.features(images)
    expected = model(in_colour(images)).pooler_output.numpy()
    assert found.shape == (2, 70, 12)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.reshape(-1, 12), expected, rtol=1e-5, atol=1e-5)
    assert found.std((0, 1)).min() > 0.01


def test_fid_through_a_vision_model(saved, reality, images):
    folder, _ = saved(dinov2())
    eyes = Vision(folder, device="cpu")
    real = reality.rows(0, 90)
    view = View(1, reality, reality, None, Rows().of(images, 1), real, rng())
    found = FID(eyes, rows=0)(view)
    seen = eyes.learned(reality)
    expected = frechet_distance(seen.features(images), seen.features(real))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    noise = View(1, reality, reality, None, Rows().of(rng(2).random(images.shape), 1), real, rng())
    assert (FID(eyes, rows=0)(noise) > 3 * found).all()


@torch.no_grad()
def test_a_pooling_that_nobody_trained_is_not_used(saved, reality, images):
    """A classifier's checkpoint has no pooler; loading would draw a new one every time."""
    folder, model = saved(transformers.ViTForImageClassification(transformers.ViTConfig(**VIT)))
    found = Vision(folder, device="cpu").learned(reality).features(images)
    hidden = model.vit(in_colour(images)).last_hidden_state
    expected = hidden.double().mean(1).numpy()
    np.testing.assert_allclose(found.reshape(-1, 12), expected, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_convolutions_are_pooled_over_places(saved, reality, images):
    config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1])
    folder, model = saved(transformers.ResNetModel(config))
    found = Vision(folder, device="cpu").learned(reality).features(images)
    expected = model(in_colour(images)).last_hidden_state.mean((2, 3)).numpy()
    np.testing.assert_allclose(found.reshape(-1, 16), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_of_two_towers_the_image_embedding(saved, reality, images):
    text = SMALL | {"intermediate_size": 16, "vocab_size": 50, "eos_token_id": 1}
    config = transformers.CLIPConfig(
        text_config=text | {"bos_token_id": 0, "pad_token_id": 1},
        vision_config=VIT,
        projection_dim=6,
    )
    folder, model = saved(transformers.CLIPModel(config))
    found = Vision(folder, device="cpu").learned(reality).features(images)
    towers = model.vision_model(in_colour(images)).pooler_output
    expected = model.visual_projection(towers).numpy()
    np.testing.assert_allclose(found.reshape(-1, 6), expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_another_size_is_up_to_the_model(saved, reality, images):
    folder, model = saved(dinov2())
    found = Vision(folder, size=16, device="cpu").learned(reality).features(images[:, :3])
    prepared = Preparation((16, 16), MEAN, STD).prepared(torch.from_numpy(images[0, :3]).float())
    np.testing.assert_allclose(found[0], model(prepared).pooler_output, rtol=1e-4, atol=1e-5)


def test_identity_is_content(saved, reality, tmp_path):
    def told(eyes):
        learner = build("learner", {"kind": "gaussian", "ddof": 1})
        metrics = (FID(eyes),)
        study = Study(
            reality=Gaussian(), learner=learner, n_real=10, generations=2, metrics=metrics
        )
        return identity(study)["metrics"]

    folder, _ = saved(dinov2())
    first = told(Vision(folder))
    (tmp_path / "model").rename(tmp_path / "moved")
    moved = tmp_path / "moved"
    assert told(Vision(str(moved), device="cpu")) == first
    assert told(Vision(str(moved), size=16)) != first
    (moved / "preprocessor_config.json").write_text(json.dumps(NORMALISED | {"size": 8}))
    assert told(Vision(str(moved))) != first


def test_a_metrics_name_does_not_tell_where_the_model_lies():
    name = FID(Vision("some/where/dino", size=28, device="cpu")).name
    assert name == "fid(features=vision(base=dino, size=28))"


def test_refused_rows(saved, reality):
    folder, _ = saved(dinov2())
    eyes = Vision(folder, device="cpu")
    with pytest.raises(DataError, match=r"rows have 2 values; expected square grey images"):
        eyes.learned(GaussianModel(np.full((1, 2), 0.5), 1e-4 * np.eye(2)[None]))
    with pytest.raises(DataError, match=r"reach from .* divide images by their white"):
        eyes.learned(GaussianModel(np.full((1, 4), 9.0), np.eye(4)[None]))
    with pytest.raises(DataError, match=r"rows have 63 values"):
        eyes.learned(reality).features(np.zeros((1, 2, 63)))
    with pytest.raises(DataError, match=r"size is -1"):
        Vision(folder, size=-1)


def test_a_size_that_the_model_refuses(saved, reality):
    folder, _ = saved(transformers.ViTModel(transformers.ViTConfig(**VIT)))
    with pytest.raises(DataError, match=r"refuses images of \(3, 12, 12\).*set size"):
        Vision(folder, size=12, device="cpu").learned(reality)


def test_refused_folders(saved, reality, tmp_path):
    folder, model = saved(dinov2())
    path = tmp_path / "model"

    def refused(words):
        with pytest.raises(DataError, match=words):
            Vision(folder, device="cpu").learned(reality)

    weights = path / "model.safetensors"
    whole = weights.read_bytes()
    config = (path / "config.json").read_text()
    preparation = path / "preprocessor_config.json"
    preparation.write_text("{}")
    refused(r"preprocessor_config.json does not say how images are prepared \(KeyError")
    preparation.unlink()
    refused(r"does not say how images are prepared")
    preparation.write_text(json.dumps(NORMALISED | {"size": 8}))
    weights.unlink()
    torch.save(model.state_dict(), path / "pytorch_model.bin")
    refused(r"cannot be loaded .*only safetensors are loaded")
    weights.write_bytes(whole)
    (path / "config.json").write_text(json.dumps({"model_type": "unheard_of"}))
    refused(r"cannot be loaded .*expected a model that transformers knows")
    deeper = json.loads(config) | {"num_hidden_layers": 3}
    (path / "config.json").write_text(json.dumps(deeper))
    refused(r"lacks weights \(.*encoder.*\), which would be random")
    (path / "config.json").unlink()
    refused(r"config.json cannot be read")
    with pytest.raises(DataError, match="is not a folder"):
        Vision(str(tmp_path / "nowhere")).learned(reality)


def test_a_name_on_the_hub_without_a_network(reality, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(DataError, match=r"download it once where there is a network"):
        Vision("somebody/some-eyes").learned(reality)


def test_a_language_model_has_no_eyes(saved, reality):
    config = transformers.GPT2Config(
        n_embd=8, n_layer=1, n_head=1, vocab_size=10, bos_token_id=0, eos_token_id=0
    )
    folder, _ = saved(transformers.GPT2Model(config))
    with pytest.raises(DataError, match="GPT2Model, which takes no images"):
        Vision(folder, device="cpu").learned(reality)


def test_a_model_of_timm_without_timm(reality, tmp_path):
    cfg = {"input_size": [3, 8, 8], "mean": MEAN, "std": STD}
    told = {"architecture": "resnet10t", "pretrained_cfg": cfg}
    (tmp_path / "config.json").write_text(json.dumps(told))
    # With timm, the weights are what is missing next.
    expected = DataError if importlib.util.find_spec("timm") else MissingExtra
    with pytest.raises(expected, match=r"timm|safetensors"):
        Vision(str(tmp_path), device="cpu").learned(reality)
