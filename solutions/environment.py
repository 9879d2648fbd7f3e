# Run this cell first. It says what is missing, if something is.
import importlib.util
import pathlib
import sys

WANTED = "0.2.0"  # the oldest lstmlib that has the checks of this notebook
wheel = max(pathlib.Path.cwd().glob("lstmlib-*.whl"), default=None)
python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
what = f'"{wheel.name}[notebooks]"' if wheel else '-e ".[notebooks]"'
cure = (
    f"In the folder {wheel.parent if wheel else 'of the course'}, run\n\n"
    f"    {python} -m pip install --upgrade {what}\n\n"
    f"then restart the kernel and run this cell again."
)
if sys.version_info < (3, 11):
    version = ".".join(map(str, sys.version_info[:3]))
    raise ImportError(f"This kernel, {sys.executable}, is Python {version}. Choose one with Python 3.11 or newer.")
for package in ("numpy", "lstmlib"):
    if importlib.util.find_spec(package) is None:
        raise ImportError(f"This kernel, {sys.executable}, has no {package}. {cure}")
import lstmlib

if [int(n) for n in lstmlib.__version__.split(".")] < [int(n) for n in WANTED.split(".")]:
    found = f"this kernel has {lstmlib.__version__}, from {lstmlib.__file__}"
    raise ImportError(f"This notebook needs lstmlib {WANTED} or newer; {found}. {cure}")
