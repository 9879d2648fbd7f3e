"""Instructor side: from notebooks written as text to releases, and from submissions to marks.

It works for any nbgrader course and knows nothing of what the course is about; it imports nothing else of
``lstmlib``. `nbgrader_config.py` at the root of the course plugs it into nbgrader's own commands.
"""
