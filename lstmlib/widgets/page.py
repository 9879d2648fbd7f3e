"""Sphinx extension: pages with explorers load a widget manager from the book itself, once; other pages load none."""

import shutil
from importlib.metadata import distribution
from pathlib import Path

# Not through html_static_path, of which Jupyter Book loads every script on every page.
FOLDER = "explorers"
OWN = Path(__file__).with_name("page.js")


def bundle():
    """Return ipywidgets' front end and its licenses, which were installed with ipywidgets."""
    package = distribution("widgetsnbextension")
    folder = Path(str(package.locate_file("widgetsnbextension"))) / "static"
    licenses = [Path(str(path.locate())) for path in package.files or [] if path.name == "LICENSE"]
    return [folder / "extension.js", folder / "extension.js.LICENSE.txt", *licenses]


def copy_files(app):
    """Put the scripts into the built book, before the pages that name them are written."""
    folder = Path(app.outdir) / "_static" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for path in [OWN, *bundle()]:
        shutil.copyfile(path, folder / path.name)


def setup(app):
    """Point MyST-NB at the scripts, in the order in which they must run."""
    app.connect("builder-inited", copy_files)
    app.config.nb_ipywidgets_js = {f"{FOLDER}/{name}": {"defer": "defer"} for name in (OWN.name, "extension.js")}
    # Of an explorer's two forms the HTML, which shows a still picture until the scripts have run.
    app.config.nb_mime_priority_overrides = [("html", "text/html", 0)]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
