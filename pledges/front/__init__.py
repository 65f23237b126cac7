"""The async front: requests are read whole, within bounds, before a thread or a transaction is taken for them."""

from .asgi import Front
from .bounds import Bounds

__all__ = ["Bounds", "Front"]
