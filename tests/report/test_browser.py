"""The page in a real browser: drawn, silent, usable on a phone and in the dark."""

import json
import re
import shutil
from base64 import b64decode
from importlib.util import find_spec

import numpy as np
import pytest

from genloss.report.corpus.page import corpus_page
from genloss.report.page import write_report

from .conftest import decay, make_experiment, make_run, verdict

pytestmark = pytest.mark.slow

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ALLOWED = ("file:", "data:", "blob:", "chrome:", "about:")
"""The browser's own new tab counts for nothing; the page may load what it is and what it holds."""


def found(*names):
    paths = [shutil.which(name) for name in names]
    return next((p for p in paths if p), None)


@pytest.fixture
def browser(tmp_path):
    chrome = found("chromium", "chromium-browser", "google-chrome")
    driver = found("chromedriver")
    if not (chrome and driver and find_spec("selenium")):
        pytest.skip("needs chromium, chromedriver and selenium")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chrome
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    session = webdriver.Chrome(options=options, service=Service(driver))
    session.set_script_timeout(30)
    yield session
    session.quit()


def show(browser, width, height, scheme):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


SCROLL = """
const done = arguments[0];
document.documentElement.style.scrollBehavior = "auto";
document.querySelectorAll("details").forEach((d) => { d.open = true; });
const charts = [...document.querySelectorAll(".chart")];
const step = () => {
  const next = charts.find((c) => !c.dataset.state);
  if (!next) return done(charts.map((c) => c.dataset.state));
  next.scrollIntoView();
  setTimeout(step, 20);
};
step();
"""
"""Scroll until every chart has been drawn or has failed."""

PIXELS = "return document.querySelector('.lead canvas').toDataURL()"


def background(browser):
    script = "return getComputedStyle(document.body).backgroundColor"
    return browser.execute_script(script)


def test_the_page_works(browser, lab, tmp_path):
    page = write_report([lab], tmp_path / "report.html")
    show(browser, 1280, 900, "light")
    browser.get(page.as_uri())
    states = browser.execute_async_script(SCROLL)
    # Two metrics of the experiment, one each of four loose runs, and three charts of kept rows.
    assert states == ["drawn"] * (2 + 4 + 3)
    canvases = browser.execute_script("return document.querySelectorAll('.chart canvas').length")
    assert canvases == len(states)
    images = "return [...document.images].map((i) => i.naturalWidth)"
    assert browser.execute_script(images) == [89, 89]

    before = browser.execute_script(PIXELS)
    button = "document.querySelector('.lead .legend button')"
    browser.execute_script(f"{button}.click()")
    assert browser.execute_script(f"return {button}.getAttribute('aria-pressed')") == "false"
    hidden = browser.execute_script(PIXELS)
    assert hidden != before
    browser.execute_script(f"{button}.click()")
    assert browser.execute_script(PIXELS) != hidden

    light = background(browser)
    show(browser, 390, 844, "dark")
    browser.refresh()
    assert browser.execute_async_script(SCROLL) == states
    assert background(browser) != light
    # Charts are dark too: the corner of the opening one has the colour of the page.
    corner = (
        "const c = document.querySelector('.lead canvas').getContext('2d');"
        "return [...c.getImageData(1, 1, 1, 1).data].slice(0, 3)"
    )
    shown = ", ".join(map(str, browser.execute_script(corner)))
    assert background(browser) == f"rgb({shown})"
    width = "return document.documentElement.scrollWidth"
    assert browser.execute_script(width) <= 390

    assert browser.get_log("browser") == []
    urls = {url for entry in browser.get_log("performance") if (url := requested(entry))}
    assert page.as_uri() in urls
    assert [url for url in urls if not url.startswith(ALLOWED)] == []


TURN = """
const [change, done] = arguments;
const chart = document.querySelector(".lead .chart");
const button = document.querySelector(".lead [data-axis=y]");
const pixels = () => chart.querySelector("canvas")?.toDataURL();
const before = pixels();
const step = () => !pixels() || pixels() === before ? requestAnimationFrame(step)
  : done([button.getAttribute("aria-pressed"), pixels()]);
if (change) { button.click(); step(); } else done([button.getAttribute("aria-pressed"), before]);
"""
"""Press the button of the y axis if told to; return it and the chart once that looks otherwise."""


def test_a_button_turns_the_y_axis_to_log_and_back(browser, lab, tmp_path):
    page = write_report([lab], tmp_path / "report.html")
    show(browser, 1280, 900, "light")
    browser.get(page.as_uri())
    assert set(browser.execute_async_script(SCROLL)) == {"drawn"}
    before, drawn = browser.execute_async_script(TURN, False)
    after, turned = browser.execute_async_script(TURN, True)
    assert {before, after} == {"true", "false"}
    assert browser.execute_async_script(TURN, True) == [before, drawn]
    assert turned != drawn
    assert browser.get_log("browser") == []


CORNERS = """
return [...document.querySelectorAll(".chart canvas")].map(
  (c) => [...c.getContext("2d").getImageData(1, 1, 1, 1).data].slice(0, 3).join());
"""
"""The background of every chart."""


TELL = """
const [event, done] = arguments;
const seen = () => [...document.querySelectorAll(".chart canvas")].map(
  (c) => [...c.getContext("2d").getImageData(1, 1, 1, 1).data].join());
const before = seen();
const step = () => seen().some((c, i) => c === before[i]) ? requestAnimationFrame(step) : done();
dispatchEvent(new Event(event));
step();
"""
"""Tell the page of an event, and wait until every chart has another background."""


def test_a_dark_page_is_printed_on_white_paper(browser, tmp_path):
    make_run(tmp_path, "one")
    page = write_report([tmp_path], tmp_path / "report.html")
    show(browser, 1280, 900, "dark")
    browser.get(page.as_uri())
    browser.execute_async_script(SCROLL)
    before = set(browser.execute_script(CORNERS))
    browser.execute_async_script(TELL, "beforeprint")
    assert set(browser.execute_script(CORNERS)) == {"255,255,255"} != before
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    assert background(browser) == "rgb(255, 255, 255)"
    browser.execute_async_script(TELL, "afterprint")
    assert set(browser.execute_script(CORNERS)) == before
    # The browser would rather that this test read fewer pixels; it must not have seen an error.
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


SAVE = """
const [type, width, done] = arguments;
window.saved = [];
HTMLAnchorElement.prototype.click = function () { window.saved.push([this.download, this.href]); };
window.print = () => {
  const image = document.querySelector("#paper img");
  const style = document.querySelector("#paper style").textContent;
  window.saved.push([style, image.src, image.naturalWidth]);
  dispatchEvent(new Event("afterprint"));
};
const select = document.querySelector(".lead .tools select");
select.value = width;
select.dispatchEvent(new Event("change", { bubbles: true }));
document.querySelector(`.lead [data-save="${type}"]`).click();
const step = () => window.saved.length ? done(window.saved[0]) : setTimeout(step, 20);
step();
"""
"""Save the first chart, and return what would be downloaded or printed."""

SIZE = """
const [url, done] = arguments;
const image = new Image();
image.onload = () => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  done([image.naturalWidth, [...context.getImageData(1, 1, 1, 1).data].slice(0, 3)]);
};
image.src = url;
"""


@pytest.mark.parametrize(("width", "mm"), [("89", 89), ("183", 183)])
def test_a_chart_saved_from_a_dark_page_is_light_and_of_the_size_chosen(
    browser, tmp_path, width, mm
):
    make_experiment(tmp_path)
    page = write_report([tmp_path], tmp_path / "report.html")
    show(browser, 1280, 900, "dark")
    browser.get(page.as_uri())
    for kind, dots in (("png", 300), ("svg", 96)):
        name, url = browser.execute_async_script(SAVE, kind, width)
        assert name == f"trace-ratio.{kind}"
        wide, corner = browser.execute_async_script(SIZE, url)
        assert corner == [255, 255, 255]
        assert wide == pytest.approx(mm / 25.4 * dots, rel=0.01)
    style, url, wide = browser.execute_async_script(SAVE, "pdf", width)
    assert f"@page {{ size: {wide}px" in style
    assert wide == pytest.approx(mm / 25.4 * 96, abs=1)
    assert url.startswith("blob:")
    assert browser.find_elements("css selector", "#paper") == []
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


HEIGHT = "return document.documentElement.scrollHeight"


def test_a_report_of_seven_runs_fits_in_ten_screens(browser, tmp_path):
    late = [verdict(id=f"T{i}", what=f"target {i}", passed=i > 2) for i in range(40)]
    make_experiment(tmp_path, late)
    rng = np.random.default_rng(0)
    for i in range(3):
        metrics = {f"m{k}": decay(20, 3, seed=i + k) for k in range(14)}
        kept = {t: rng.standard_normal((80, 2)) / (t + 1) for t in (0, 1, 5, 10, 20)}
        make_run(tmp_path / "own", f"n={10 + i}", metrics=metrics, kept=kept, n_real=10 + i)
    page = write_report([tmp_path], tmp_path / "report.html")
    show(browser, 1280, 900, "light")
    browser.get(page.as_uri())
    assert browser.execute_script(HEIGHT) <= 10 * 900
    seen = browser.find_element("css selector", "main").text
    for said in ("What was asked", "Answer", "Samples through the generations", "3 missed"):
        assert said in seen
    assert all(f"target {i}" in seen for i in range(3))
    assert "target 3" not in seen
    leads = browser.find_elements("css selector", ".lead .line")
    assert [lead.is_displayed() for lead in leads] == [True, True]
    assert browser.get_log("browser") == []


def test_a_link_of_the_contents_opens_what_is_folded(browser, tmp_path):
    make_experiment(tmp_path)
    page = write_report([tmp_path], tmp_path / "report.html")
    show(browser, 1280, 900, "light")
    browser.get(page.as_uri())
    table = browser.find_element("css selector", ".runs")
    assert not table.is_displayed()
    browser.find_element("link text", "Runs").click()
    assert table.is_displayed()


def test_paper_shows_what_is_open_and_nothing_else(browser, tmp_path):
    make_experiment(tmp_path)
    page = write_report([tmp_path], tmp_path / "report.html")
    browser.get(page.as_uri())
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    open_ = "return [...document.querySelectorAll('details.fold')].map((d) => d.checkVisibility())"
    assert not any(browser.execute_script(open_))
    browser.execute_script("document.querySelector('details.fold').open = true")
    assert browser.execute_script(open_).count(True) == 1


FILM = """
const seen = [...document.querySelectorAll(".frame")].filter((f) => f.checkVisibility());
const output = document.querySelector(".slider output").textContent;
return [seen.map((f) => Number(f.dataset.t)), output];
"""
"""The generations whose images can be seen, and what the slider says."""


def test_one_slider_moves_all_images(browser, tmp_path):
    from selenium.webdriver.common.keys import Keys

    rng = np.random.default_rng(0)
    rows = {t: rng.random((10, 64)) for t in (0, 1, 5, 20)}
    make_run(tmp_path, "one", kept=rows)
    make_run(tmp_path, "other", kept={t: rows[t] for t in (0, 5, 20)}, n_real=7)
    page = write_report([tmp_path], tmp_path / "report.html")
    show(browser, 1280, 900, "light")
    browser.get(page.as_uri())
    assert browser.execute_script(FILM) == [[20, 20], "t = 20"]
    slider = browser.find_element("css selector", ".slider input")
    assert slider.accessible_name == "Generation"
    assert slider.aria_role == "slider"
    slider.send_keys(Keys.HOME)
    assert browser.execute_script(FILM) == [[0, 0], "reality"]
    slider.send_keys(Keys.ARROW_RIGHT)
    # The second run did not keep generation 1, says so, and shows no other under its name.
    assert browser.execute_script(FILM) == [[1], "t = 1"]
    absent = "return [...document.querySelectorAll('.frames')].map((f) => f.dataset.absent)"
    assert browser.execute_script(absent) == ["", "nothing kept at t = 1"]
    assert slider.get_attribute("aria-valuetext") == "t = 1"
    slider.send_keys(Keys.END)
    assert browser.execute_script(FILM) == [[20, 20], "t = 20"]
    # On paper all generations stand side by side, without a slider.
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert browser.execute_script(FILM)[0] == [0, 1, 5, 20, 0, 5, 20]
    slider_seen = "return document.querySelector('.slider').checkVisibility()"
    assert not browser.execute_script(slider_seen)
    assert browser.get_log("browser") == []


def test_without_scripts_all_images_are_there(browser, lab, tmp_path):
    page = write_report([next((lab / "loose").glob("digits-*"))], tmp_path / "report.html")
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(page.as_uri())
    frames = browser.find_elements("css selector", ".frame")
    assert [frame.is_displayed() for frame in frames] == [True, True]
    assert not browser.find_element("css selector", ".slider").is_displayed()


def test_verdicts_fit_a_phone_and_stay_a_table(browser, tmp_path):
    make_experiment(tmp_path)
    page = write_report([tmp_path], tmp_path / "report.html")
    show(browser, 390, 844, "light")
    browser.get(page.as_uri())
    wide = "return arguments[0].scrollWidth - arguments[0].clientWidth"
    region = browser.find_element("css selector", ".scroll[aria-label=Verdicts]")
    assert browser.execute_script(wide, region) == 0
    roles = [region.find_element("css selector", part).aria_role for part in ("table", "tbody td")]
    assert roles == ["table", "cell"]
    assert browser.get_log("browser") == []


def requested(entry):
    """Return the address of a log entry that is a request."""
    message = json.loads(entry["message"])["message"]
    if message["method"] != "Network.requestWillBeSent":
        return None
    return message["params"]["request"]["url"]


def test_the_answer_begins_on_the_first_sheet(browser, tmp_path):
    """A table of many runs that moved as a whole left more than half of the paper white."""
    make_run(tmp_path, "run", metrics={"trace_ratio": decay(5, 30)})
    page = write_report([tmp_path], tmp_path / "report.html")
    browser.get(page.as_uri())
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    style = "return getComputedStyle(document.querySelector(arguments[0])).breakInside"
    assert browser.execute_script(style, "#answer") == "auto"
    assert browser.execute_script(style, "#answer ~ section") == "avoid"


def test_two_sections_with_their_figures_find_room_on_a_page(browser, tmp_path):
    """Four sections and the opening are three pages; a section that parts is cut from its chart."""
    for kind in ("gaussian", "two_moons", "circles", "swiss_roll"):
        make_run(tmp_path, kind, reality={"kind": kind}, metrics={"trace_ratio": decay(20, 30)})
    page = write_report([tmp_path], tmp_path / "report.html")
    show(browser, 1280, 900, "light")
    browser.get(page.as_uri())
    closed = SCROLL.replace("d.open = true", "d").replace('(".chart")', '(".lead .chart")')
    assert browser.execute_async_script(closed) == ["drawn"] * 4
    paper = {"printBackground": True, "paperWidth": 8.27, "paperHeight": 11.69}
    printed = b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 3


FONTS = """
window.fonts = new Set();
const font = Object.getOwnPropertyDescriptor(CanvasRenderingContext2D.prototype, "font");
Object.defineProperty(CanvasRenderingContext2D.prototype, "font", {
  ...font,
  set(value) { window.fonts.add(value.match(/[\\d.]+px/)[0]); font.set.call(this, value); },
});
"""
"""Note the sizes of the words on canvases."""


def test_on_a_wide_screen_the_words_of_page_and_charts_grow_together(browser, tmp_path):
    make_run(tmp_path, metrics={"trace_ratio": decay(20, 30)})
    page = write_report([tmp_path], tmp_path / "report.html")
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": FONTS})
    sizes = "return [getComputedStyle(document.body).fontSize, document.body.offsetWidth]"
    words = {}
    for width, expected in ((1280, ["16px", 1140]), (1920, ["20px", 1425])):
        show(browser, width, 900, "light")
        browser.get(page.as_uri())
        browser.execute_async_script(SCROLL)
        assert browser.execute_script(sizes) == expected
        words[width] = browser.execute_script("return [...window.fonts].map(parseFloat)")
    assert words[1280]
    assert max(words[1920]) == pytest.approx(1.25 * max(words[1280]))


def test_the_page_on_a_corpus_fits_a_phone_and_stays_silent(browser, tmp_path):
    from .corpus.test_corpus_page import audit

    page = tmp_path / "audit.html"
    page.write_text(corpus_page(audit(attributes={"domain": "a long domain " * 8})))
    for width, scheme in ((390, "dark"), (1280, "light")):
        show(browser, width, 900, scheme)
        browser.get(page.as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.find_element("css selector", "h1").is_displayed()
    bars = "return [...document.querySelectorAll('.bar span')].map((b) => b.offsetWidth)"
    assert max(browser.execute_script(bars)) > 50
    assert browser.get_log("browser") == []
    urls = {url for entry in browser.get_log("performance") if (url := requested(entry))}
    assert [url for url in urls if not url.startswith(ALLOWED)] == []
