"""Whether the wall is alive and ready, for those who run it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from pledges.db import reading
from pledges.limits.counting import limits_of
from pledges.seldom import Seldom
from pledges.web.caching import never_kept

log = logging.getLogger(__name__)

complaints = Seldom(log)

WRITABLE = "wall.writable"  # extension: a `readiness.Writable`
READY = "wall.ready"  # extension: name -> a check that raises, or answers False, where a part is away
upkeep = Blueprint("upkeep", __name__)


@upkeep.get("/healthz")
@never_kept("it says that this process lives, and the front says it first")
def alive() -> ResponseReturnValue:
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@upkeep.get("/readyz")
@never_kept("it says how things stand now")
def ready() -> ResponseReturnValue:
    """Which parts answer; 503 where one does not. One that works by a stand-in is degraded, and the wall stays open."""
    checks: dict[str, Callable[[], object]] = {
        "database": _can_store,
        "limiter": limits_of(current_app).health,
        **current_app.extensions.get(READY, {}),
    }
    found = {name: _answers(name, check) for name, check in checks.items()}
    body = "".join(f"{name} {said}\n" for name, said in found.items())
    return Response(
        body,
        status=503 if "down" in found.values() else 200,
        mimetype="text/plain",
        headers={"Cache-Control": "no-store"},
    )


def _can_store() -> bool:
    """Reading is not enough: a wall that can store nothing is not ready."""
    reading().execute(text("SELECT 1"))
    cause = current_app.extensions[WRITABLE].cause()
    if cause:
        complaints.warn(f"nothing can be stored: {cause}")
    return not cause


def _answers(name: str, check: Callable[[], object]) -> str:
    """`ok`, `degraded` or `down`."""
    try:
        said = check()
    except Exception:  # any failure of a part is the answer to the question whether it is ready
        log.exception("%s is not ready", name)
        return "down"
    if said in ("degraded", "down"):
        return str(said)
    return "down" if said is False else "ok"
