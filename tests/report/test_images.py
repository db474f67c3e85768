"""Images: their bytes, their places in a grid, and the film of a section."""

import base64
import struct
import zlib

import numpy as np
import pytest

from genloss.core.about import Entry
from genloss.report.figures.images import (
    FEWEST,
    FRAMES,
    frames_of,
    grid,
    image_side,
    png,
    reel,
    sheet,
    side_of,
)
from genloss.report.page import render
from genloss.report.sections import find_sections

from .conftest import make_run


def decoded(data):
    """Read a grey PNG of 8 or 4 bits without filters, by the layout of its specification."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, body, size, depth = 8, b"", (0, 0), 0
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(name + content)
        if name == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", content[:10])
            assert colour == 0
            size = (height, width)
        if name == b"IDAT":
            body += content
        at += 12 + length
    lines = np.frombuffer(zlib.decompress(body), dtype=np.uint8).reshape(size[0], -1)
    assert not lines[:, 0].any()
    if depth == 8:
        return lines[:, 1:]
    assert depth == 4
    greys = np.stack([lines[:, 1:] >> 4, lines[:, 1:] & 15], axis=-1)
    return greys.reshape(size[0], -1)[:, : size[1]] * 17


def pixels(url):
    return decoded(base64.b64decode(url.partition(",")[2]))


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (53, 71)])
def test_png_round_trip(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(decoded(png(image)), image)
    assert png(image) == png(image.copy())
    # The nearest of 16 greys, 17 apart.
    np.testing.assert_allclose(decoded(png(image, 4)).astype(int), image, atol=8)


def test_a_sheet_holds_every_image_at_its_place():
    rows = np.arange(12 * 64, dtype=float).reshape(12, 64) % 256
    image = sheet(rows, 8)
    assert image.shape == (6 * 9 - 1, 10 * 9 - 1)
    np.testing.assert_array_equal(image[:8, 9:17], rows[1].reshape(8, 8))
    np.testing.assert_array_equal(image[9:17, 9:17], rows[11].reshape(8, 8))
    assert (image[:, 8] == 255).all()
    assert (image[18:] == 255).all()


def test_ink_is_dark_and_all_generations_share_the_scale_of_reality():
    first = np.zeros((2, 64))
    first[0, 0] = 16.0
    after = np.full((1, 64), 8.0)
    after[0, 1] = np.nan
    found = grid("x", {0: first, 3: after, 9: np.full((1, 64), 99.0)}, 8)
    images = {t: pixels(url) for t, url in found.frames}
    assert images[0].shape == (found.height, found.width)
    assert images[0][0, 0] == 0
    assert images[0][0, 1] == 255
    assert abs(int(images[3][0, 0]) - 127.5) <= 8.5
    assert images[3][0, 1] == 255
    assert images[9][0, 0] == 0


def test_images_are_recognised_by_their_size_and_what_the_reality_says():
    assert [side_of(d, False) for d in (64, 196, 784, 256, 2)] == [8, 14, 28, 0, 0]
    assert [side_of(d, True) for d in (64, 256, 784, 20, 1)] == [8, 16, 28, 0, 0]


@pytest.mark.parametrize("images", [False, True])
def test_a_reality_says_whether_its_rows_are_images_and_its_name_does_not(tmp_path, images):
    about = {"reality": {"my_images": Entry("my_images", "Photographs", images=images)}}
    kept = {t: np.random.default_rng(t).random((5, 256)) for t in (0, 20)}
    run = make_run(tmp_path, kept=kept, about=about, reality={"kind": "my_images"})
    assert image_side(run) == (16 if images else 0)


def test_whole_numbers_are_no_images(tmp_path):
    tokens = make_run(tmp_path, "tokens", kept={0: np.ones((5, 64), dtype=np.int64)})
    assert image_side(tokens) == 0
    assert reel([("tokens", tokens)]) is None
    assert image_side(make_run(tmp_path, "none")) == 0


def test_one_film_for_all_runs_of_a_section(tmp_path):
    rng = np.random.default_rng(0)
    kept = {t: rng.random((70, 784)) for t in (0, 1, 5)}
    one = make_run(tmp_path, "one", kept=kept)
    other = make_run(tmp_path, "other", kept={t: kept[t][:20] for t in (0, 5)}, n_real=7)
    plane = make_run(tmp_path, "plane", kept={0: np.ones((4, 2))}, n_real=8)
    found = reel([("a", one), ("b", other), ("c", plane)])
    assert (found.times, found.start) == ((0, 1, 5), 2)
    assert [g.label for g in found.grids] == ["a", "b"]
    assert [[t for t, _ in g.frames] for g in found.grids] == [[0, 1, 5], [0, 5]]
    image = pixels(found.grids[0].frames[2][1])
    ink = 255.0 * (1 - kept[5][60 - 1].reshape(28, 28))
    # Scaled from the range of generation 0, (0, 1) to a part in 40,000, and 16 greys.
    np.testing.assert_allclose(image[-28:, -28:].astype(float), ink, atol=9.0)
    assert "60 images" in found.reading


def test_a_film_begins_where_all_runs_have_images(tmp_path):
    ends = {"a": 8, "b": 6, "c": 6, "d": 5}
    runs = [
        (name, make_run(tmp_path, name, kept={t: np.ones((2, 64)) for t in range(last + 1)}))
        for name, last in ends.items()
    ]
    found = reel(runs)
    assert found.times[found.start] == 5
    short = reel(runs, 3)
    # However few are shown, both ends of each run are among them.
    assert {0, 5, 6, 8} <= set(short.times)
    assert len(short.times) <= 3 + len(ends)


def test_more_runs_show_fewer_generations_each(tmp_path):
    assert (frames_of(0), frames_of(2), frames_of(1000)) == (FRAMES, FRAMES, FEWEST)
    run = make_run(tmp_path, kept={t: np.ones((2, 64)) * t for t in range(21)})
    times = reel([("x", run)], 8).times
    assert (times[0], times[-1]) == (0, 20)
    assert len(times) <= 8


@pytest.mark.slow
def test_two_runs_of_sixty_images_over_ten_generations_stay_small(tmp_path):
    # Blobs of grey with noise on top compress worse than digits do.
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:28, :28]
    for i in range(2):
        kept = {}
        for t in range(11):
            centre = rng.uniform(8, 20, (60, 2, 1, 1))
            far = (y - centre[:, 0]) ** 2 + (x - centre[:, 1]) ** 2
            noise = 0.03 * np.abs(rng.standard_normal((60, 28, 28)))
            kept[t] = (np.exp(-far / 18) + noise).reshape(60, 784)
        make_run(tmp_path, f"r{i}", kept=kept, n_real=100 + i)
    text = render(find_sections([tmp_path]), title="t")
    assert text.count("data:image/png") == 22
    assert len(text.encode()) < 1.5e6
