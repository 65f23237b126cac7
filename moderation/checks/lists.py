"""Networks, mail domains and phrases that a campaign has put on a list for a while: hold, or hold and mask."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping

import idna
from flask_babel import lazy_gettext

from pledges.networks import address_of, lies_in, network_of

from . import word_reading, words
from .base import ABUSE, Listing, Outcome, Quote, Subject, Verdict

NAME = "lists"
TITLE = lazy_gettext("Lists")
QUOTED_AT_MOST = 50
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_PATH = re.compile(r"[/?#]")
_PORT = re.compile(r":\d*$")


def check(subject: Subject) -> Outcome:
    """What is on a list waits apart, and nothing is declined by a list."""
    texts = subject.texts()
    met = [listing for listing in subject.lists if meets(listing, ip=subject.ip, email=subject.email, texts=texts)]
    if not met:
        return Outcome(NAME, Verdict.CLEAR)
    quotes = [quote for listing in met if listing.kind == "phrase" for quote in _quotes(texts, listing.value)]
    detail = {"rules": sorted({f"listed_{listing.kind}" for listing in met})}
    mask = any(listing.effect == "mask" for listing in met)
    return Outcome(NAME, Verdict.LOOK, ABUSE, tuple(quotes[:QUOTED_AT_MOST]), detail, mask=mask)


def meets(listing: Listing, *, ip: str, email: str, texts: Mapping[str, str]) -> bool:
    """Whether what was sent from this address, with these texts, is on the list by this entry."""
    if listing.kind == "network":
        address = address_of(ip)
        return address is not None and lies_in(address, network_of(listing.value))
    if listing.kind == "domain":
        return same_domain(email.rpartition("@")[2], listing.value)
    return bool(_quotes(texts, listing.value))


def same_domain(told: str, listed: str) -> bool:
    """Whether a host is the listed domain or under it, compared label by label, however it is written."""
    labels, wanted = _labels(told), _labels(listed)
    return bool(wanted) and labels[-len(wanted) :] == wanted


def domain_of(value: str) -> str:
    """The domain that is meant by a domain, an address of mail or of a page, or `*.domain`; raises ValueError."""
    host = _PATH.split(_SCHEME.sub("", value.strip()))[0].rpartition("@")[2]
    host = _PORT.sub("", host).removeprefix("*").strip(".")
    try:
        plain = idna.encode(host, uts46=True, strict=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise ValueError("no domain") from error
    if "." not in plain or plain.rpartition(".")[2].isdigit():
        raise ValueError("no domain")
    return plain


def _labels(domain: str) -> list[str]:
    plain = domain.strip().rstrip(".").casefold()
    with contextlib.suppress(idna.IDNAError):  # what is no domain equals only itself
        plain = idna.encode(plain, uts46=True).decode("ascii") if plain else ""
    return plain.split(".") if plain else []


def _quotes(texts: Mapping[str, str], phrase: str) -> list[Quote]:
    """Where the phrase stands, seen through spacing, look-alikes and invisible signs like a listed word."""
    wanted = words.campaign_list((phrase,))
    return [
        Quote(name, *folded.span(hit.start, hit.end), "listed_phrase")
        for name, text in texts.items()
        for folded in (word_reading.read(text),)
        for hit in word_reading.hits_in(folded, wanted)
    ]
