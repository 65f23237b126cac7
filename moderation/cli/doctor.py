"""Looks the installation over and says what to mend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr

from sqlalchemy.exc import SQLAlchemyError

from moderation.jobs.tasks import spam_service
from moderation.post import answers, sending
from pledges.db import Values, cause_of, database
from pledges.settings import Settings
from pledges.web.health import try_to_write

SECRETS = {
    "secret_key",
    "secret_key_fallbacks",
    "mail_url",
    "akismet_api_key",
    "database_url",
    "redis_url",
}


@dataclass(frozen=True)
class Line:
    """One thing looked at."""

    what: str
    good: bool
    words: str


def examine(settings: Settings) -> Iterator[Line]:
    """Settings first, then every service that they name; secrets are masked."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        set_ = str(value.get_secret_value() if hasattr(value, "get_secret_value") else value or "")
        yield Line(name, True, ("(set)" if set_ else "(not set)") if name in SECRETS else set_ or "(not set)")
    for problem in settings.problems():
        yield Line(
            "settings", not settings.production, problem if settings.production else f"(in production: {problem})"
        )
    yield _database()
    yield _redis(settings)
    yield _mail(settings)
    yield from _letters(settings)
    yield _akismet(settings)


def _database() -> Line:
    import migrations  # only here, since the tool behind it costs a server ten megabytes

    try:
        try_to_write(database().engine)
        standing, newest = migrations.standing_at(database().engine), migrations.newest()
    except SQLAlchemyError as error:
        return Line(
            "database",
            False,
            f"cannot be written ({cause_of(error)}): check WALL_DATABASE_URL, and the room and rights on the disk",
        )
    if standing != newest:
        return Line("database", False, f"stands at {standing}, newest is {newest}: run `flask --app app migrate`")
    return Line("database", True, f"answers, schema {standing}")


def _redis(settings: Settings) -> Line:
    if not settings.redis_url:
        return Line("redis", True, "not set: limits and jobs are kept in files, which is right for one host")
    import redis

    try:
        redis.Redis.from_url(settings.redis_url, socket_timeout=3, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        return Line("redis", False, f"does not answer ({type(error).__name__}): check WALL_REDIS_URL")
    return Line("redis", True, "answers")


def _mail(settings: Settings) -> Line:
    url = settings.mail_url.get_secret_value()
    if not url:
        return Line("mail", not settings.production, f"no server: letters are written to {settings.instance / 'mail'}")
    outcome = answers.asked(url, seconds=5, in_clear=settings.mail_in_clear)
    if outcome.code == answers.IN_CLEAR:
        return Line("mail", False, answers.IN_CLEAR_WORDS)
    if outcome.fate is answers.Fate.OURS:
        return Line("mail", False, f"refuses us ({outcome.code}): check user and password in WALL_MAIL_URL")
    if outcome.fate is not answers.Fate.SENT:
        return Line("mail", False, f"does not answer ({outcome.code}): check WALL_MAIL_URL")
    return Line("mail", True, "answers, and lets us in")


def _letters(settings: Settings) -> Iterator[Line]:
    """Letters that a server refused since it refuses us; and what nobody here reads."""
    try:
        with database().new_session() as session:
            kept = sending.refused(Values(session))()
    except SQLAlchemyError:  # told above
        kept = None
    if kept is not None:
        words = (
            f"{kept.count} kept, since the mail server refuses us ({kept.code}): check WALL_MAIL_FROM and WALL_MAIL_URL"
        )
        yield Line("letters", False, words)
    sender = parseaddr(settings.mail_from)[1]
    yield Line("bounces", True, f"what comes back later by mail is not read here: have somebody read {sender}")


def _akismet(settings: Settings) -> Line:
    if not settings.akismet_api_key.get_secret_value():
        return Line("akismet", True, "no key: the desk shows every item as not checked for spam")
    good = spam_service().verify()
    return Line(
        "akismet",
        good,
        "the key is accepted" if good else "the key is not accepted, or no answer: check AKISMET_API_KEY",
    )
