"""The report as a browser shows it: no complaint, nothing that sticks out, words on every picture, for a run that went well, one that
drifted, one that failed, and in Spanish.

The pages are made by the release binaries on the sample reviews, and opened from disk in headless Chromium.
"""

import csv
import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By

ROOT = Path(__file__).resolve().parents[4]
SAMPLES = ROOT / "tests/data"
WIDTHS = [360, 1400]
# A page that needs more than a megabyte is no page to open on a phone.
MOST_BYTES = 1_000_000


def tamiz(*arguments: str | Path) -> None:
    run = subprocess.run([ROOT / "target/release/tamiz", *arguments], capture_output=True, text=True, check=False)
    # 3: a run that is no success, whose page is what is wanted.
    assert run.returncode in (0, 3), run.stderr


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("models")
    tamiz("train", SAMPLES / "train/reviews.csv.gz", "--models", models, "--name", "reviews")
    return models / "reviews"


def spanish(folder: Path) -> Path:
    """Reviews of which a third is in Spanish."""
    with gzip.open(SAMPLES / "uploads/electronics.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    header, rows = rows[0], rows[1:]
    text = header.index("text")
    for row in rows[::3]:
        row[text] = "La pantalla es muy buena, pero la batería dura poco y el cargador no funciona bien."
    path = folder / "spanish.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def language_of(name: str) -> str:
    return "es" if name == "spanish" else "en"


@pytest.fixture(scope="session", params=["usual", "drifted", "failed", "spanish"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, model: Path) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    uploads = {
        "usual": [SAMPLES / "uploads" / name for name in ("electronics.csv.gz", "films.csv.gz", "invoice.csv")],
        "drifted": [spanish(folder)],
        "failed": [SAMPLES / "uploads/invoice.csv"],
        "spanish": [spanish(folder)],
    }[request.param]
    tamiz("run", *uploads, "--model", model, "--out", folder / "out", "--lang", language_of(request.param))
    return request.param, next(folder.glob("out/runs/*/report.html"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    options = ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


def show(browser: Chrome, page: Path, width: int, *, dark: bool = False) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    browser.get(page.as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out_and_nothing_complains(
    browser: Chrome, page: tuple[str, Path], width: int, *, dark: bool
) -> None:
    show(browser, page[1], width, dark=dark)
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width, f"the page is {wide} wide"
    # What scrolls by itself may be wider than the page; nothing else may.
    outside = browser.execute_script(
        """const width = arguments[0];
        return [...document.body.querySelectorAll('*')]
          .filter(e => !e.closest('.scroll, .sr, svg') && e.getBoundingClientRect().right > width + 1)
          .map(e => e.tagName + '.' + e.className + ' ' + Math.round(e.getBoundingClientRect().right));""",
        width,
    )
    assert outside == []
    assert browser.get_log("browser") == []


def test_it_needs_no_network_and_little_room(page: tuple[str, Path]) -> None:
    content = page[1].read_bytes()
    assert len(content) < MOST_BYTES
    assert b"http://" not in content.replace(b"http://www.w3.org/", b"") and b"https://" not in content
    assert b"<script" not in content


def test_those_who_do_not_see_it_are_told_everything(browser: Chrome, page: tuple[str, Path]) -> None:
    show(browser, page[1], 1400)
    assert browser.execute_script("return document.documentElement.lang") == language_of(page[0])
    assert len(browser.find_elements(By.TAG_NAME, "h1")) == 1
    for picture in browser.find_elements(By.CSS_SELECTOR, "[role=img]"):
        assert picture.get_attribute("aria-label")
    for table in browser.find_elements(By.TAG_NAME, "table"):
        assert table.find_elements(By.TAG_NAME, "caption"), "a table without a caption"
        assert table.find_elements(By.CSS_SELECTOR, "th[scope]"), "a table without headings"
    for section in browser.find_elements(By.CSS_SELECTOR, "section[aria-labelledby]"):
        assert browser.find_element(By.ID, section.get_attribute("aria-labelledby"))
    for place in browser.find_elements(By.CSS_SELECTOR, ".scroll, pre"):
        assert place.get_attribute("tabindex") == "0", "what scrolls must be reached by keyboard"


def test_english_is_on_english_pages_only(browser: Chrome, page: tuple[str, Path]) -> None:
    name, path = page
    show(browser, path, 1400)
    # Words of the reviews, names of columns and places are what they are.
    said = browser.execute_script(
        """const said = [...document.querySelectorAll('[aria-label]')].map(e => e.getAttribute('aria-label'));
        document.querySelectorAll('code, th[scope=row], .path').forEach(e => e.remove());
        return [document.title, document.body.innerText, ...said].join(' ');"""
    )
    english = {"the", "of", "and", "with", "to", "by", "on", "is", "not", "run", "rows", "records", "share"}
    found = english & set(re.findall(r"[a-z]+", said.lower()))
    # An English page is what shows that these words would be found.
    assert bool(found) == (name != "spanish"), found


def test_what_the_run_was_like_is_on_it(browser: Chrome, page: tuple[str, Path]) -> None:
    name, path = page
    show(browser, path, 1400)
    text = browser.find_element(By.TAG_NAME, "body").text
    told = json.loads((path.parent / "summary.json").read_text())
    if name == "failed":
        assert "Failed" in text and told["verdict"] == "failed"
        return
    if name == "spanish":
        assert "Matriz de confusión" in text and "Fuerte, en" in text and told["drift"]["shift"] == "strong"
        return
    assert "Confusion matrix" in text and "95% confidence" in text and "Drift" in text
    assert browser.find_elements(By.CSS_SELECTOR, ".chart svg rect"), "no picture of the confidence"
    if name == "drifted":
        assert told["drift"]["shift"] == "strong"
        assert "Strong, in" in text and "language" in text and "pantalla" in text
