import base64
import struct
import zlib

import numpy as np
import pytest

from genloss.report.images import grids, png, sheet, side_of
from genloss.report.samples import PANELS, kept_rows, sample_figure
from genloss.store.reader import find_runs

from .conftest import make_run


def decoded(data):
    """Read an 8-bit grey PNG without filters, by the chunk layout of its specification."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, size = 8, b"", (0, 0)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(name + content)
        if name == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", content[:10])
            assert (depth, colour) == (8, 0)
            size = (height, width)
        if name == b"IDAT":
            body += content
        at += 12 + length
    lines = np.frombuffer(zlib.decompress(body), dtype=np.uint8).reshape(size[0], size[1] + 1)
    assert not lines[:, 0].any()
    return lines[:, 1:]


def figure_of(lab, name):
    (run,) = [r for r in find_runs(lab / "loose") if r.header.name == name]
    return run, sample_figure(run, name)


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (53, 71)])
def test_png_round_trip(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(decoded(png(image)), image)
    assert png(image) == png(image.copy())


def test_a_sheet_holds_every_image_at_its_place():
    rows = np.arange(3 * 64, dtype=float).reshape(3, 64)
    image = sheet(rows, 8)
    assert image.shape == (6 * 9 - 1, 8 * 9 - 1)
    np.testing.assert_array_equal(image[:8, 9:17], rows[1].reshape(8, 8))
    assert (image[:, 8] == 255).all()


def test_ink_is_dark_and_all_generations_share_the_scale_of_reality():
    first = np.zeros((2, 64))
    first[0, 0] = 16.0
    urls = grids({0: first, 3: np.full((1, 64), 8.0), 9: np.full((1, 64), 99.0)}, 8)
    images = {t: decoded(base64.b64decode(u.partition(",")[2])) for t, u in urls.items()}
    assert images[0][0, 0] == 0
    assert images[0][0, 1] == 255
    assert images[3][0, 0] == round(255 - 127.5)
    assert images[9][0, 0] == 0


def test_image_realities_are_recognised():
    assert side_of("digits8x8", 64) == 8
    assert side_of("mnist", 784) == 28
    assert side_of("gaussian", 64) == 8
    assert side_of("gaussian", 2) == 0


def test_scatter_panels_share_axes_and_show_reality_behind(lab):
    run, figure = figure_of(lab, "moons")
    spec = figure.spec
    assert [row["panel"] for row in spec["data"]["values"]] == ["reality", "t = 5", "t = 20"]
    assert spec["facet"]["sort"] == ["reality", "t = 5", "t = 20"]
    ghost, front = spec["spec"]["layer"]
    np.testing.assert_allclose(
        ghost["data"]["values"][0]["x"], run.arrays(0, "samples")["x"][0][:, 0], rtol=1e-3
    )
    (x0, x1), (y0, y1) = (front["encoding"][c]["scale"]["domain"] for c in "xy")
    assert x1 - x0 == pytest.approx(y1 - y0, rel=1e-3)
    for row in spec["data"]["values"]:
        assert x0 < min(row["x"]) <= max(row["x"]) < x1
        assert y0 < min(row["y"]) <= max(row["y"]) < y1


def test_one_dimension_gives_histograms_that_hold_every_row(lab):
    _, figure = figure_of(lab, "line")
    for row in figure.spec["data"]["values"]:
        assert sum(row["share"]) == pytest.approx(1.0, abs=1e-3)
    assert figure.reading.startswith("Chain 1 of 8")


def test_symbols_give_rank_frequency_lines(lab):
    run, figure = figure_of(lab, "tokens")
    first, last = figure.spec["data"]["values"]
    counts = np.sort(np.unique(run.arrays(0, "samples")["x"][0], return_counts=True)[1])[::-1]
    np.testing.assert_allclose(first["share"], counts / 200, rtol=1e-4)
    assert first["rank"] == list(range(1, len(counts) + 1))
    assert len(last["rank"]) == 1


def test_images_are_shown_as_images(lab):
    _, figure = figure_of(lab, "digits")
    assert figure.spec is None
    assert list(figure.images) == ["reality", "t = 20"]


def test_more_dimensions_are_projected_on_the_directions_of_real_data(tmp_path):
    rng = np.random.default_rng(0)
    real = rng.standard_normal((200, 5)) * [0.1, 9.0, 0.1, 3.0, 0.1]
    run = make_run(tmp_path, kept={0: real, 20: real * 0.5})
    figure = sample_figure(run, "x")
    first, last = figure.spec["data"]["values"]
    # The widest coordinates are the second and the fourth. A sample correlation r of 200 rows turns
    # the directions by about r * 9 * 3 / (81 - 9), a y error of 9 / 3 times that: 4 standard errors
    # of r (0.28) leave a correlation above 0.95.
    centred = real - real.mean(axis=0)
    assert np.corrcoef(first["x"], centred[:, 1])[0, 1] > 0.99
    assert np.corrcoef(first["y"], centred[:, 3])[0, 1] > 0.95
    assert "principal directions of real data, of 5 coordinates" in figure.reading
    np.testing.assert_allclose(np.std(last["x"]), np.std(first["x"]) / 2, rtol=1e-2)


def test_few_of_many_kept_generations_are_shown(tmp_path):
    run = make_run(tmp_path, kept={t: np.ones((3, 2)) * t for t in range(21)})
    shown = list(kept_rows(run))
    assert shown[0] == 0
    assert shown[-1] == 20
    assert len(shown) <= PANELS


def test_a_run_without_rows_has_no_samples(tmp_path):
    assert sample_figure(make_run(tmp_path), "x") is None


def test_equal_rows_still_give_axes(tmp_path):
    flat = make_run(tmp_path, "flat", kept={0: np.zeros((4, 2)), 20: np.zeros((4, 2))})
    low, high = sample_figure(flat, "x").spec["spec"]["layer"][0]["encoding"]["x"]["scale"][
        "domain"
    ]
    assert low < 0 < high
    line = make_run(tmp_path, "line", kept={0: np.zeros((4, 1))})
    (row,) = sample_figure(line, "x").spec["data"]["values"]
    assert row["share"] == [1.0]
