"""Less work for each test, in what no test is about: hundreds of applications are made, each for a few requests."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import flask.sansio.scaffold
import flask_security
import httpx
import segno
import sqlalchemy
from flask import Flask, current_app
from jinja2 import BytecodeCache, Environment, FileSystemLoader
from jinja2.bccache import Bucket
from passlib.totp import AppWallet
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from moderation.people import passwords
from pledges import db
from tests.full import in_memory


class OnceCompiled(BytecodeCache):
    """Templates are compiled once for all the applications of this process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


class OnceRead(FileSystemLoader):
    """The file of a template is read once for all the applications of this process."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        key = (*self.searchpath, template)
        if key not in _read:
            _read[key] = super().get_source(environment, template)
        return _read[key]


class LateRule(Rule):
    """A rule is read once for all the applications of this process, as long as the same names mean the same in it.

    How to build an address is worked out when one is first built: most tests need a handful of three hundred.
    """

    def compile(self) -> None:
        assert self.map is not None
        kinds = tuple(self.map.converters.items())
        key = (self.rule, self.subdomain, self.host, self.merge_slashes, self.map.host_matching, kinds)
        if key not in _compiled:
            super().compile()
            _compiled[key] = (self._parts, self._trace, self._converters, frozenset(self.arguments))
            return
        self._parts, self._trace, self._converters, arguments = _compiled[key]
        self.arguments |= arguments
        self._build = self._compile_builder(False).__get__(self, None)
        self._build_unknown = self._compile_builder(True).__get__(self, None)

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder
        made: list[Callable[..., tuple[str, str]]] = []

        def build(*args: Any, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(compile_now(append_unknown))
            return made[0](*args, **values)

        return build


class KnownStatements:
    """Statements are compiled once for all the engines of this process that speak alike, as for all requests of one wall."""

    def __init__(self) -> None:
        self._first: dict[str, Engine] = {}

    def create_engine(self, *args: Any, **options: Any) -> Engine:
        """As SQLAlchemy's; what it knows already came from the first engine of its kind that was connected."""
        engine = sqlalchemy.create_engine(*args, **options)
        first = self._first.setdefault(engine.name, engine)
        if first is engine:
            engine._compiled_cache = LRUCache(STATEMENTS)
        elif getattr(first.dialect, "server_version_info", None) is not None:  # it has met its server
            engine.dialect = engine.pool._dialect = first.dialect
            engine._compiled_cache = first._compiled_cache
        return engine


class OnceHashed:
    """The one password of all moderators is hashed once for each secret, which takes long by design."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, str | bytes], str] = {}

    def hash_password(self, password: str | bytes) -> str:
        key = (current_app.secret_key, password)
        if key not in self._known:
            self._known[key] = flask_security.hash_password(password)
        return self._known[key]


_read: dict[tuple[str, ...], tuple[str, str, Callable[[], bool]]] = {}
_compiled: dict[Any, tuple[Any, Any, Any, frozenset[str]]] = {}
STATEMENTS = 5000
TEMPLATES = OnceCompiled()
KNOWN = KnownStatements()
HASHED = OnceHashed()


def arrange() -> None:
    """Every application made after this is quick to make."""
    Flask.url_rule_class = LateRule
    flask.sansio.scaffold.FileSystemLoader = OnceRead  # type: ignore[misc]
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": TEMPLATES}
    db.create_engine = KNOWN.create_engine
    segno.make = functools.partial(segno.make, mask=0)  # any mask can be read; finding the best takes longest
    if folder := in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))
    httpx.create_ssl_context = functools.cache(httpx.create_ssl_context)  # reads every authority's certificate
    passwords.hash_password = HASHED.hash_password
    AppWallet.encrypt_cost = 4  # a power of two: the rounds that hide a secret which is made up anyway
