"""huey, loaded without the driver that it would not use here."""

from __future__ import annotations

import importlib
import sys

NEVER_USED = "psycopg"  # its jobs lie in SQLite or in Redis; it loads this too where it finds it: nine megabytes


def load_huey() -> None:
    """huey is there; what it would have loaded for PostgreSQL alone is only loaded if somebody else needs it."""
    if NEVER_USED in sys.modules:
        return
    sys.modules[NEVER_USED] = None  # type: ignore[assignment]  # an import of it fails now, as where it is missing
    try:
        importlib.import_module("huey")
    finally:
        del sys.modules[NEVER_USED]
