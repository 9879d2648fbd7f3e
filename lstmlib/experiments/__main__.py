"""``python -m lstmlib.experiments [name …]`` runs the experiments whose record no longer fits."""

import sys

from lstmlib.experiments.driver import main

if __name__ == "__main__":
    sys.exit(main())
