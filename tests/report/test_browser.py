"""The page in a real browser: drawn, silent, usable on a phone and in the dark."""

import json
import os
import shutil
from importlib.util import find_spec

import pytest

from genloss.report.page import write_report

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
        missing = "needs chromium, chromedriver and selenium"
        if os.environ.get("GENLOSS_REQUIRE_ALL") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
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

PIXELS = "return document.querySelector('.hero canvas').toDataURL()"


def background(browser):
    script = "return getComputedStyle(document.body).backgroundColor"
    return browser.execute_script(script)


def test_the_page_works(browser, lab, tmp_path):
    page = write_report([lab], tmp_path / "report.html")
    show(browser, 1280, 900, "light")
    browser.get(page.as_uri())
    states = browser.execute_async_script(SCROLL)
    # The opening chart, two metrics, four loose runs, and three charts of kept rows.
    assert states == ["drawn"] * (1 + 2 + 4 + 3)
    canvases = browser.execute_script("return document.querySelectorAll('.chart canvas').length")
    assert canvases == len(states)
    images = "return [...document.images].map((i) => i.naturalWidth)"
    assert browser.execute_script(images) == [71, 71]

    before = browser.execute_script(PIXELS)
    button = "document.querySelector('.hero .legend button')"
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
        "const c = document.querySelector('.hero canvas').getContext('2d');"
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


def requested(entry):
    """Return the address of a log entry that is a request."""
    message = json.loads(entry["message"])["message"]
    if message["method"] != "Network.requestWillBeSent":
        return None
    return message["params"]["request"]["url"]
