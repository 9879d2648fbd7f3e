"""The prose of the book as plain text, for the character model.

``python -m lstmlib.experiments.corpus`` writes it anew. It is committed, so that an edited page does not change what
the model was trained on.
"""

import re
import textwrap
from pathlib import Path

FILE = Path(__file__).with_name("corpus.txt")
LONGEST = 60_000  # characters
PLAIN = re.compile(r"[A-Za-z0-9 .,;:!?'\"()-]+")
TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "…": "..."})


def corpus(pages):
    """Whole sentences without formulas and references, wrapped at 72 characters.

    Parameters
    ----------
    pages : iterable of str
        In MyST Markdown.

    Returns
    -------
    str
        At most `LONGEST` characters, paragraphs separated by an empty line.
    """
    paragraphs = []
    for page in pages:
        for paragraph in re.split(r"\n\s*\n", _prose(page)):
            sentences = re.split(r"(?<=[.!?:]) +(?=[A-Z])", " ".join(paragraph.split()))
            kept = [sentence for sentence in sentences if PLAIN.fullmatch(sentence) and sentence[-1] in ".!?:"]
            if kept:
                paragraphs.append(textwrap.fill(" ".join(kept), 72))
    return "\n\n".join(paragraphs)[:LONGEST] + "\n"


def _prose(page):
    """A page without front matter, fenced blocks, tables, marks; formulas and references leave a § in their place."""
    page = re.sub(r"\A---\n.*?^---\n", "", page, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r"^(`{3,})[^\n]*\n.*?^\1 *$", "", page, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r"\$\$.*?\$\$", "§", page, flags=re.DOTALL)
    page = re.sub(r"\$[^$]+\$|\{[^}]+\}`[^`]*`", "§", page)
    page = re.sub(r"^(:{3,}.*|:\w+:.*|\(.*\)=|\||#+ ).*$", "", page, flags=re.MULTILINE)
    page = re.sub(r"^\s*([-*]|\d+\.) +", "\n", page, flags=re.MULTILINE)
    page = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", page)
    return page.replace("*", "").replace("`", "").translate(TYPOGRAPHY)


def read():
    """The committed text."""
    return FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    book = FILE.parents[2] / "book"
    order = re.findall(r"file: book/(\S+)|root: book/(\S+)", (book.parent / "_toc.yml").read_text(encoding="utf-8"))
    pages = [(book / f"{chapter or root}.md").read_text(encoding="utf-8") for chapter, root in order]
    text = corpus(pages)
    FILE.write_text(text, encoding="utf-8")
    print(f"{FILE.name}: {len(text)} characters of {len(pages)} pages. Now run `make experiments`.")
