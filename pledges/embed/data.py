"""What `<promise-wall>` asks for: one answer for all elements of a page that show the same wall, the same for everybody.

It is no part of the JSON of version 1: it is made for our own script. What a released script reads of it stays for a year.
"""

from __future__ import annotations

from flask import g, jsonify, request
from flask.typing import ResponseReturnValue

from pledges.web.caching import LOOKED_AT, kept, shared

from . import asking
from .asked import Asked, meaning
from .base import embed


@embed.get("/<slug>/embed.json")
@kept(meaning=meaning)
def wall_data(slug: str) -> ResponseReturnValue:
    asked = Asked.read(request.args)
    return shared(g.campaign, lambda: jsonify(asking.newest(asked)), keeping=LOOKED_AT)


@embed.get("/<slug>/promises/<id>/embed.json")
@kept(meaning=meaning)
def promise_data(slug: str, id: str) -> ResponseReturnValue:
    promise = asking.one_or_404("promises", id)
    return shared(g.campaign, lambda: jsonify(asking.one(promise)), keeping=LOOKED_AT)
