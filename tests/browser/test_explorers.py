"""Explorers on the built page: they move without a kernel, by keyboard and by hand, and stand still without scripts."""

import functools
import re

import pytest

from tests.conftest import ROOT

SOURCES = {path.stem: path.read_text() for path in (ROOT / "book").glob("*.md")}
WITH = sorted(name for name, text in SOURCES.items() if re.search(r"^explore_\w+\(", text, re.MULTILINE))
WITHOUT = sorted(SOURCES.keys() - set(WITH))
PICTURE = ".explorer-frames svg[role=img]"

# Contrast of a text with its ground, as WCAG 2 defines it: (L1 + 0.05) / (L2 + 0.05).
CONTRAST = """element => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let ground = element;
  while (ground && numbers(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const behind = ground ? getComputedStyle(ground).backgroundColor : "rgb(255, 255, 255)";
  const [dark, bright] = [getComputedStyle(element).color, behind].map(light).sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}"""


@pytest.fixture(scope="module", params=WITH)  # the tests of a page share its loadings, and leave it as they found it
def explored(request, browser, site):
    """A page with explorers in a browser of a given look, what it asked for and what went wrong."""
    contexts = []

    @functools.cache
    def open_page(width, theme, scripts):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        asked, trouble = [], []
        page.on("console", lambda message: message.type == "error" and trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{site}/book/{request.param}.html", wait_until="networkidle")
        if scripts:
            page.wait_for_selector(PICTURE)
        return page, asked, trouble

    yield lambda width=1280, theme="light", scripts=True: open_page(width, theme, scripts)
    for context in contexts:
        context.close()


def shown(explorer):
    return explorer.locator(PICTURE).get_attribute("aria-label")


def test_arrow_keys_move_every_slider_and_the_picture_follows(explored):
    page, _, trouble = explored()
    explorers = page.locator("div.explorer")
    assert explorers.count() >= 1
    for explorer in explorers.all():
        for slider in explorer.locator("[role=slider]").all():
            before, text = shown(explorer), slider.get_attribute("aria-valuetext")
            # At the end of its track a slider can only go back.
            last = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
            key, back = ("ArrowLeft", "ArrowRight") if last else ("ArrowRight", "ArrowLeft")
            slider.focus()
            page.keyboard.press(key)
            page.wait_for_function("([e, s]) => e.querySelector(s).ariaLabel", arg=[explorer.element_handle(), PICTURE])
            assert shown(explorer) != before
            assert slider.get_attribute("aria-valuetext") != text
            assert explorer.locator(PICTURE).count() == 1
            page.keyboard.press(back)
            assert shown(explorer) == before
    assert trouble == []


def test_a_drag_moves_the_picture(explored):
    page, _, trouble = explored(width=390)
    explorer = page.locator("div.explorer").first
    slider = explorer.locator("[role=slider]").first
    slider.scroll_into_view_if_needed()
    track, handle = explorer.locator(".slider").first.bounding_box(), slider.bounding_box()
    before = shown(explorer)
    start, middle = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    right = track["x"] + track["width"]
    target = track["x"] + 2 if handle["x"] > track["x"] + track["width"] / 2 else right - 2
    page.mouse.move(start, middle)
    page.mouse.down()
    page.mouse.move(target, middle, steps=5)
    assert shown(explorer) != before
    page.mouse.move(start, middle, steps=5)
    page.mouse.up()
    assert shown(explorer) == before
    assert trouble == []


def test_sliders_say_what_they_are_and_where_they_stand(explored):
    page, _, _ = explored()
    for row in page.locator(".explorer .widget-slider").all():
        handle = row.locator("[role=slider]")
        assert handle.get_attribute("aria-label") == row.locator("label").inner_text()
        assert handle.get_attribute("aria-valuetext") == row.locator(".widget-readout").inner_text()


def test_the_widget_manager_is_loaded_once_and_from_here(explored, site):
    _, asked, _ = explored()
    assert sum("explorers/extension.js" in url for url in asked) == 1
    assert sum("explorers/page.js" in url for url in asked) == 1
    assert [url for url in asked if not url.startswith((site, "data:"))] == []


@pytest.mark.parametrize("name", WITHOUT)
def test_a_page_without_explorers_loads_no_widget_manager(browser, site, name):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/book/{name}.html", wait_until="networkidle")
    assert not [url for url in asked if "explorers/" in url or "require" in url]
    page.close()


def test_without_scripts_the_first_picture_and_its_values_show(explored):
    page, _, _ = explored(scripts=False)
    for explorer in page.locator("div.explorer").all():
        assert explorer.locator("svg[role=img]").is_visible()
        assert explorer.locator("p").first.is_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_does_not_move_when_explorers_come_to_life(explored, width):
    still, _, _ = explored(width=width, scripts=False)
    alive, _, _ = explored(width=width)
    before, after = ([box.bounding_box() for box in page.locator("div.text_html .explorer svg[role=img]").all()]
                     for page in (still, alive))  # fmt: skip
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        assert new["width"] == pytest.approx(old["width"], abs=1)
        assert new["height"] == pytest.approx(old["height"], abs=1)
    heights = [[box.bounding_box()["height"] for box in page.locator("div.explorer").all()] for page in (still, alive)]
    assert heights[0] == pytest.approx(heights[1], abs=2)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_sliders_and_their_values_can_be_read(explored, width, theme):
    page, _, _ = explored(width=width, theme=theme)
    texts = page.locator(".explorer .widget-label:visible, .explorer .widget-readout:visible").all()
    assert texts
    for text in texts:
        assert text.evaluate(CONTRAST) >= 4.5
        assert text.evaluate("element => element.scrollWidth <= element.clientWidth"), "the text is cut off"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
