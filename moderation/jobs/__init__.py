"""What runs later, and who runs it."""

from .lean import load_huey

load_huey()
