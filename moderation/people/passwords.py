"""Which passwords can be read, and which are good enough to be set."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from urllib.parse import urlsplit

from flask_babel import gettext
from flask_security import hash_password

from pledges import signs
from pledges.settings import settings

LEAST = 12  # characters
MOST = 4096  # characters; the hash takes no more, and no password manager makes as many
MARKS = signs.MOST_MARKS  # in a row: requests are cut to as many before anything reads them
JUDGED = 72  # characters of which the guesses are counted: what is added cannot make them fewer
NAMES = ("promise", "wall", "promisewall", "promises", "moderation", "moderator")
GOOD = 3  # of 4: "safely unguessable", protects against guessing at the hash itself


def readable(password: str) -> bool:
    """Whether it can be brought into its normal form and hashed in good time; no password of ours is any other."""
    if len(password) > MOST or any(0xD800 <= ord(char) < 0xE000 or char == "\0" for char in password):
        return False
    return _longest_run_of_marks(password) <= MARKS and len(_normal(password)) <= MOST


def _longest_run_of_marks(password: str) -> int:
    runs = groupby(password, lambda char: unicodedata.combining(char) > 0)
    return max((sum(1 for _ in run) for marks, run in runs if marks), default=0)


def _normal(password: str) -> str:
    """As it is compared: what two keyboards send for the same letters is the same password."""
    return signs.normal("NFKD", password)


def hashed(password: str) -> str:
    """As it is kept."""
    return hash_password(_normal(password))


def problem(password: str, *, email: str, name: str = "") -> str:
    """Why it cannot be set, in words; nothing: it can."""
    if len(password) < LEAST:
        return gettext("The password needs at least %(count)s characters.", count=LEAST)
    if not readable(password):
        return gettext("This password is too long. %(count)s characters are the most.", count=MOST)
    if _is_easily_guessed(password, email, name):
        return gettext("This password is easily guessed. Several words that do not belong together are good.")
    return ""


def _is_easily_guessed(password: str, email: str, name: str) -> bool:
    """Whether a list of what people choose, or what everybody knows of this one, leads to it."""
    from zxcvbn import zxcvbn  # only here: its lists of what people choose take eleven megabytes

    host = urlsplit(settings().base_url).hostname or ""
    known = [email, *email.replace("@", ".").split("."), name, *name.split(), host, *host.split("."), *NAMES]
    judged = zxcvbn(_normal(password)[:JUDGED], user_inputs=[word for word in known if len(word) > 2])
    return int(judged["score"]) < GOOD
