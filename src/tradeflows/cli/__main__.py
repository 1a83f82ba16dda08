"""``python -m tradeflows.cli`` is the command ``tradeflows``."""

import sys

from tradeflows.cli import main

if __name__ == "__main__":
    sys.exit(main())
