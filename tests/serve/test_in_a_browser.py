"""The status page in a real browser, wide and narrow, light and dark, and with scripts switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.serve.browser import browsing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.shop import Shop
    from tests.serve.browser import Browser
    from zdmigrate.serve.server import Server

pytestmark = pytest.mark.outside

LONG = "web-" + "a" * 100
# How much of the page lies to the right of the window; the time line has a box of its own to be moved in.
OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALLEST = """
Math.min(...[...document.querySelectorAll("main td, main li, main p, main code")]
    .filter(each => each.textContent && each.offsetParent)
    .map(each => parseFloat(getComputedStyle(each).fontSize)))
"""
# The contrast of every text with what is behind it (WCAG 2.2, relative luminance), the least first.
CONTRAST = """
(() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return DARK ? [13, 17, 23] : [255, 255, 255];
  };
  return [...document.querySelectorAll("h1, h2, h3, p, li, td, th, code, .badge, summary, .soft")]
    .filter(each => each.textContent.trim() && each.getClientRects().length)
    .map(each => {
      const [a, b] = [luminance(parts(getComputedStyle(each).color)), luminance(behind(each))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), each.tagName + " " + each.textContent.slice(0, 40)];
    }).sort((a, b) => a[0] - b[0])[0];
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def page(shop: Shop, served: Server) -> str:
    """A page with everything on it."""
    shop.seen("v1", ago=1, instance=LONG)
    shop.seen("v1", ago=300, instance="web-2")
    shop.beat("v2")
    shop.execute("INSERT INTO zdmigrate.change (app, id, state) VALUES ('shop', 'd', 'expanding')")
    shop.execute("INSERT INTO zdmigrate.pending VALUES ('shop', 'd', 0, false)")
    shop.execute(
        "INSERT INTO zdmigrate.backfill (app, change, position, fingerprint, blocks) VALUES ('shop', 'd', 0, 'f', 9)"
    )
    return served.url + "/"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360], ids=["wide", "phone"])
def test_it_fits_the_window_and_can_be_read(browser: Browser, page: str, width: int, dark: bool) -> None:
    browser.open(page, width=width, dark=dark)

    assert browser.ask(OVERHANG) == 0
    assert browser.ask(SMALLEST) >= 13
    contrast, where = browser.ask(CONTRAST.replace("DARK", str(dark).lower()))
    assert contrast >= 4.5, where


def test_without_scripts_it_shows_all_and_asks_for_itself_again(browser: Browser, page: str) -> None:
    browser.open("about:blank", width=1200)
    browser.requested.clear()
    browser.open(page, width=1200, scripts=False)

    told = browser.ask("document.body.innerText")
    for words in ("shut for v3", "old-version-live", LONG, "The backfill in step 1 of d", "Time line"):
        assert words in told
    assert browser.ask("document.querySelector('svg').getBoundingClientRect().width") > 600
    browser.call("Page.reload")
    assert set(browser.requested) <= {page, page + "favicon.ico"}, "nothing from outside is asked for"
    assert not [each for each in browser.complaints if "favicon" not in each]
