"""What runs before and around the application. `start` needs nothing but Python itself."""

import sys

OLDEST = (3, 11)


def refuse_old_python(version):
    # No annotations and no f-strings here: an old Python must be able to read this file in order to be told.
    """Stop with a plain sentence where Python is too old to read the rest."""
    if tuple(version[:2]) < OLDEST:
        found = ".".join(str(part) for part in version[:3])
        wanted = ".".join(str(part) for part in OLDEST)
        raise SystemExit(
            "Promise Wall needs Python " + wanted + " or newer, and this is Python " + found + ".\n"
            "Install a newer one and start with it, for instance: python" + wanted + " app.py"
        )


refuse_old_python(sys.version_info)
