"""Reading the code of cells without running it."""

import ast
import dis
import functools

_BINDING = {"exec", "globals", "get_ipython"}
_MAGIC = ("%run", "%load", "%pylab", "%store", "%%")


@functools.lru_cache(1000)
def parse(source):
    """The syntax tree of a cell, only to be read; lines for IPython count as empty, what is no Python as nothing."""
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def imports(sources):
    """The import statements in the code of cells, each once, in their order."""
    found: dict[str, None] = {}
    for source in sources:
        for node in ast.walk(parse(source)):
            if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level):
                found[ast.unparse(node)] = None
    return list(found)


def bound(source):
    """The names that a cell binds in its notebook, if it comes to that."""
    code = compile(parse(source), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_NAME"}


def deleted(source):
    """The names that a cell takes away."""
    nodes = (node for node in ast.walk(parse(source)) if isinstance(node, ast.Name))
    return {node.id for node in nodes if isinstance(node.ctx, ast.Del)}


def is_opaque(source):
    """Whether a cell may bind names that are not in it: by an import of everything, a magic or ``exec``."""
    return any(line.lstrip().startswith(_MAGIC) for line in source.split("\n")) or any(
        node.names[0].name == "*" if isinstance(node, ast.ImportFrom) else getattr(node, "id", "") in _BINDING
        for node in ast.walk(parse(source))
    )


def mentioned(source):
    """The names that come up in a cell, in functions that it defines as well."""
    return {node.id for node in ast.walk(parse(source)) if isinstance(node, ast.Name)}
