import sys

from legacy_ports.cli import main

sys.exit(main())
