"""Nothing that the course must carry is missing from the built book, and every link inside it leads somewhere."""

import re
from urllib.parse import unquote, urldefrag

import pytest
import yaml
from bs4 import BeautifulSoup

from tests.conftest import ROOT, skip_or_fail

SITE = ROOT / "_build" / "html" / "book"
INVENTORY = yaml.safe_load((ROOT / "tests" / "inventory.yml").read_text())
ROWS = [(kind, name, *row) for kind, rows in INVENTORY.items() for name, row in rows.items()]
PAGES = sorted(path.stem for path in (ROOT / "book").glob("*.md"))
_soups: dict[str, BeautifulSoup] = {}


def page(stem):
    path = SITE / f"{stem}.html"
    if not path.exists():
        skip_or_fail("the book is not built; run: make book")
    if stem not in _soups:
        _soups[stem] = BeautifulSoup(path.read_text(), "html.parser").find("article")
    return _soups[stem]


@pytest.mark.parametrize(("kind", "name", "place", "words"), ROWS, ids=[row[1] for row in ROWS])
def test_the_book_has_it_where_the_inventory_says(kind, name, place, words):
    stem, anchor = urldefrag(place)
    section = page(stem)
    if anchor:
        section = section.find(id=anchor)
        assert section is not None, f"{stem} has no place called {anchor}"
        section = section if section.name == "section" else section.find_parent("section")
    text = " ".join(section.get_text().split())
    assert re.search(words.replace(r"\s+", " "), text, re.IGNORECASE), f"{words!r} does not stand in {place}"


def test_every_claim_of_the_ledger_is_in_the_inventory():
    listed = {row[0] for row in INVENTORY["claims"].values()}
    written = set(re.findall(r"^\((claim-[a-z-]+)\)=$", (ROOT / "book" / "ledger.md").read_text(), re.MULTILINE))
    assert written - {"claim-exact-f", "claim-exploding-norm"} <= {place.split("#")[1] for place in listed}


@pytest.mark.parametrize("stem", PAGES)
def test_links_inside_the_book_lead_somewhere(stem):
    for link in page(stem).find_all("a", href=True):
        target, anchor = urldefrag(link["href"])
        if re.match(r"[a-z]+:", target):
            continue
        other = stem if not target else target.removesuffix(".html")
        if target and not target.endswith(".html"):
            assert (SITE / target).exists(), link["href"]
            continue
        assert other in PAGES, f"{stem}: {link['href']}"
        if anchor:
            assert page(other).find(id=unquote(anchor)) is not None, f"{stem}: {link['href']}"


def test_readers_can_jump_from_a_claim_to_its_proof_and_back():
    ledger = (ROOT / "book" / "ledger.md").read_text()
    chapters = {stem: (ROOT / "book" / f"{stem}.md").read_text() for stem in PAGES if stem != "ledger"}
    linked = {claim for text in chapters.values() for claim in re.findall(r"\]\((claim-[a-z-]+)\)", text)}
    for claim, body in re.findall(r"^\((claim-[a-z-]+)\)=\n(.*?)(?=^\(|^## |\Z)", ledger, re.DOTALL | re.MULTILINE):
        if "*Inexact.*" not in body:  # the title of a book
            assert claim in linked, f"no chapter leads to {claim}"
