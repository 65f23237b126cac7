"""The async front: requests are read whole, within bounds, and what everybody sees is answered from memory."""

from .asgi import Front
from .bounds import Bounds
from .pages import ALL, ANY, SAID, Pages, Said, Shows, Versions
from .serving import Asked, Serving
from .sites import Sites
from .watching import CHANNEL, Watcher

__all__ = [
    "ALL",
    "ANY",
    "CHANNEL",
    "SAID",
    "Asked",
    "Bounds",
    "Front",
    "Pages",
    "Said",
    "Serving",
    "Shows",
    "Sites",
    "Versions",
    "Watcher",
]
