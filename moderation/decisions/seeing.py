"""Words are approved by whoever was shown them, and where a check found something by whoever says so once more.

A page that shows the words of a review in full carries a proof of it, for this person, in this version, of these very
words; approving takes that proof. What is kept hidden and was not opened has been shown to nobody.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from moderation.akismet import fields
from moderation.checks import links, personal, repeats, signed, trap, words
from moderation.checks.base import Verdict
from moderation.models import Finding, Moderator, Review
from pledges import tokens

LOUD = (Verdict.LOOK, Verdict.STOP)
OF_THE_WORDS = (personal.NAME, words.NAME, links.NAME)  # of these a notice says something about the words themselves
ORDER = (personal.NAME, words.NAME, links.NAME, signed.NAME, fields.NAME, trap.NAME, repeats.NAME)


class NotSeen(Exception):
    """These words were not shown to this person in this version: 409, with the words."""


class Doubted(Exception):
    """A check has found something that was not named to this person yet: 409, with the question."""


@dataclass(frozen=True)
class Seen:
    """What a form says of the words it decides on: the proof of its page, and what this person approves in spite of."""

    proof: str = ""
    sure: bool = False
    named: str = ""  # what the question named; empty where the form does not say


def proof(by: Moderator, review: Review, version: int | None = None) -> str:
    """Stands in a page that shows these words to this person; `version`: another than the one that stands."""
    said = f"{by.id}:{review.id}:{review.version if version is None else version}:{review.revision.digest}"
    mac = hmac.digest(tokens.secret_for("seen"), said.encode(), "sha256")
    return urlsafe_b64encode(mac).decode().rstrip("=")


def proves(given: str, by: Moderator, review: Review, version: int | None = None) -> bool:
    made = proof(by, review, version)
    return hmac.compare_digest(given.encode("utf-8", "replace"), made.encode())


def doubts(review: Review) -> list[Finding]:
    """What the checks have found in the newest round, that of the words themselves first.

    How a form was filled in and that others say alike are notices which speak against nothing.
    """
    found = [
        each
        for each in review.findings
        if each.round == review.round
        and (each.verdict in LOUD or (each.verdict is Verdict.NOTICE and each.check in OF_THE_WORDS))
    ]
    return sorted(found, key=lambda each: ORDER.index(each.check) if each.check in ORDER else len(ORDER))


def names(review: Review) -> str:
    """What is doubted, as a form carries it: each check with its rules."""
    return " ".join(f"{each.check}:{','.join(_rules(each))}" for each in doubts(review))


def require(review: Review, by: Moderator, seen: Seen) -> None:
    """Raises NotSeen or Doubted where this person may not approve these words yet."""
    if not proves(seen.proof, by, review):
        raise NotSeen
    if doubts(review) and not (seen.sure and seen.named in ("", names(review))):
        raise Doubted


def _rules(finding: Finding) -> list[str]:
    rules = [str(rule) for rule in finding.detail.get("rules", [])]
    return sorted(set(rules) or {str(quote[3]) for quote in finding.quotes})
