"""``python -m verifier``: the same as ``gateway-verify``."""

from __future__ import annotations

import sys

from verifier.command import main

sys.exit(main())
