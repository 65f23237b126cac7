"""All addresses of the room, each language of its pages, and what the head of our own pages says of them."""

from __future__ import annotations

from flask import Flask

from pledges.web import static

from . import data, fragment, frame, oembed, script
from .base import embed, embedding

__all__ = ["data", "fragment", "frame", "init_app", "oembed", "script"]


def init_app(app: Flask) -> None:
    for name, prefix in (("embed", None), ("embed_cy", "/cy"), ("embed_en", "/en")):
        app.register_blueprint(embed, name=name, url_prefix=prefix)
    app.register_blueprint(embedding)
    app.extensions[static.FIXED] = script.addresses()
    app.jinja_env.globals["oembed_discovery"] = oembed.discovery
