"""`python -m photowave`: the same as the command `photowave`."""

import sys

from photowave.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
