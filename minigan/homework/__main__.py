"""`python -m minigan.homework`"""

import sys

from minigan.homework.cli import main

if __name__ == "__main__":
    sys.exit(main())
