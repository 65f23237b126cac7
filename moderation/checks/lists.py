"""Networks, mail domains and phrases that a campaign has put on a list for a while: hold, mask, or let be."""

from __future__ import annotations

import contextlib

import idna

from pledges.guarding import in_network

from . import words
from .base import ABUSE, Listing, Outcome, Quote, Subject, Verdict
from .folding import fold

NAME = "lists"
QUOTED_AT_MOST = 50


def check(subject: Subject) -> Outcome:
    """What is on a list waits apart; "let be" outweighs all else. Nothing is declined by a list."""
    met = [listing for listing in subject.lists if _meets(subject, listing)]
    if not met:
        return Outcome(NAME, Verdict.CLEAR)
    if any(listing.effect == "let_be" for listing in met):
        return Outcome(NAME, Verdict.CLEAR, detail={"rules": ["let_be"]})
    quotes = [quote for listing in met if listing.kind == "phrase" for quote in _quotes(subject, listing.value)]
    detail = {"rules": sorted({f"listed_{listing.kind}" for listing in met})}
    mask = any(listing.effect == "mask" for listing in met)
    return Outcome(NAME, Verdict.LOOK, ABUSE, tuple(quotes[:QUOTED_AT_MOST]), detail, mask=mask)


def _meets(subject: Subject, listing: Listing) -> bool:
    if listing.kind == "network":
        return bool(subject.ip) and in_network(subject.ip, listing.value)
    if listing.kind == "domain":
        return same_domain(subject.email.rpartition("@")[2], listing.value)
    return any(True for _ in _quotes(subject, listing.value))


def same_domain(told: str, listed: str) -> bool:
    """Whether a host is the listed domain or under it, compared label by label, however it is written."""
    labels, wanted = _labels(told), _labels(listed)
    return bool(wanted) and labels[-len(wanted) :] == wanted


def domain_of(value: str) -> str:
    """A domain as it is compared, from a domain or an address; raises ValueError where it is neither."""
    labels = _labels(value.rpartition("@")[2])
    if len(labels) < 2 or not all(labels):
        raise ValueError("no domain")
    return ".".join(labels)


def _labels(domain: str) -> list[str]:
    plain = domain.strip().rstrip(".").casefold()
    with contextlib.suppress(idna.IDNAError):  # what is no domain equals only itself
        plain = idna.encode(plain, uts46=True).decode("ascii") if plain else ""
    return plain.split(".") if plain else []


def _quotes(subject: Subject, phrase: str) -> list[Quote]:
    """Where the phrase stands, seen through spacing, look-alikes and invisible signs like a listed word."""
    wanted = words.campaign_list((phrase,))
    return [
        Quote(name, *folded.span(hit.start, hit.end), "listed_phrase")
        for name, text in subject.texts().items()
        for folded in (fold(text),)
        for hit in words.hits_in(folded, wanted)
    ]
