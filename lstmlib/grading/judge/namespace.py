"""The names that test cells see: the course's own first, then the student's.

What a locked cell binds is the course's, and no student can rebind it for a test. So are the builtins, but for those
that the release asks students to write, and the modules that the release imports.
"""

import ast
import builtins

_IPYTHON = {"_", "__", "___", "_i", "_ii", "_iii", "_dh", "_ih", "_oh", "In", "Out", "get_ipython", "exit", "quit"}


class Namespace(dict):
    """Global names of the trusted process.

    Parameters
    ----------
    student : Student
    released : list of str
        The code of all cells of the release, as students got it.
    """

    def __init__(self, student, released=()):
        super().__init__(__name__="__main__", __builtins__=builtins)
        self.student = student
        self._imports, self._asked = {}, set()
        for source in released:
            self._learn(source)

    def _learn(self, source):
        lines = ("" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
        try:
            tree = ast.parse("\n".join(lines))
        except SyntaxError:
            return
        for node in tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    self._imports[alias.asname or alias.name.split(".")[0]] = node
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self._asked.add(node.name)
            elif isinstance(node, ast.Assign):
                self._asked |= {target.id for target in node.targets if isinstance(target, ast.Name)}

    def __missing__(self, name):
        if not isinstance(name, str) or name in _IPYTHON or name.startswith("__"):
            raise KeyError(name)
        if hasattr(builtins, name) and name not in self._asked:
            raise KeyError(name)
        if name in self._imports:
            exec(compile(ast.Module([self._imports[name]], []), "<release>", "exec"), self)
            return dict.__getitem__(self, name)
        return self.student.lookup(name)

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name):
        if dict.__contains__(self, name):
            return True
        try:
            self[name]
        except KeyError:
            return False
        return True

