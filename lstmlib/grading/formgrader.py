"""Submissions in JupyterLab's Formgrader, of which nothing runs in the browser of whoever grades them."""

from nbgrader.server_extensions.formgrader import handlers

from lstmlib.grading.page import Page


def show_safely():
    """Have Formgrader render submissions with `Page`, and serve the files beside them without their scripts.

    Its own exporter is made before it reads the settings of a course that is not in the folder of the server. So it is
    the pages that change.
    """
    handlers.SubmissionHandler.exporter = property(_exporter)
    handlers.SubmissionFilesHandler.content_security_policy = property(_no_scripts)


def _exporter(page):
    return Page(config=page.settings["nbgrader_exporter"].config)


def _no_scripts(file):
    policy = super(handlers.SubmissionFilesHandler, file).content_security_policy
    return f"{policy}; sandbox"
