"""`python -m stancewire`: the same as the command `stancewire`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
