# Run this cell first. It says what is missing, if something is.
import importlib.util
import sys
from pathlib import Path

WANTED = "0.2.0"  # the oldest lstmlib that has the checks of this notebook


def _environment():
    """Raise an ImportError that says what to do, unless numpy and a new enough lstmlib are there."""
    wheels = sorted(Path.cwd().glob("lstmlib-*.whl"))
    install = f"{sys.executable} -m pip install --upgrade {wheels[-1].name if wheels else '-e .'}"
    where = f"in the folder {wheels[-1].parent}" if wheels else "in the folder of the course"
    then = f"To install it, {where}, run\n\n    {install}\n\nthen restart the kernel and run this cell again."
    missing = [name for name in ("numpy", "lstmlib") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f"The Python of this kernel, {sys.executable}, has no {' and no '.join(missing)}. {then}")
    import lstmlib

    numbers = [tuple(map(int, version.split(".")[:3])) for version in (lstmlib.__version__, WANTED)]
    if numbers[0] < numbers[1]:
        raise ImportError(
            f"This notebook needs lstmlib {WANTED} or newer; this kernel has {lstmlib.__version__}, from "
            f"{lstmlib.__file__}. {then}"
        )


_environment()
