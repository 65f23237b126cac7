"""Addresses of other places, also those spelled with "dot"; a promise needs few, an advertisement lives by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import idna
from flask_babel import lazy_gettext

from pledges import signs
from pledges.networks import address_of

from .base import SPAM, Outcome, Quote, Subject, Verdict
from .folding import Folded, fold
from .personal import MAILBOXES

NAME = "links"
TITLE = lazy_gettext("Links")
MANY = 3
TOLD = 10

# Endings that stand for a site even without "https://" before them. Those that are also words ("me", "so", "it") are
# counted only when a path follows, or "we hope so.me too" would be a link.
_ENDINGS = (
    "com|org|net|uk|wales|cymru|scot|eu|info|biz|co|io|ru|cn|su|in|top|xyz|shop|store|online|site|club|live|app|dev|"
    "link|click|win|bet|casino|loan|work|icu|vip|pro|tv|cc|ly|gl|gd|de|fr|nl|es|pl|ua|us|ca|au|ie|tk|ml|ga|cf|gq|pw"
)
_ENDINGS_WITH_PATH = "me|so|it|to|is|be|at|no|do|am|my|im|st|page|blog"
_DOT = r"(?:\.|\s{0,3}[(\[{<]\s{0,2}(?:dot|\.)\s{0,2}[)\]}>]\s{0,3}|\s{1,3}dot\s{1,3})"
_LABEL = r"[^\W_][\w-]{0,62}"
_SCHEME = re.compile(r"\b(?:https?|ftp|hxxps?)\s{0,2}:\s{0,2}/{2}\s{0,2}[^\s<>\"]{1,2000}")
_BARE = re.compile(
    rf"(?<![\w@./-])www{_DOT}(?:{_LABEL}{_DOT}){{1,6}}{_LABEL}(?:/[^\s<>\"]{{0,2000}})?"
    rf"|(?<![\w@./-])(?:{_LABEL}{_DOT}){{1,8}}(?:(?:{_ENDINGS})(?![\w-])(?:/[^\s<>\"]{{0,2000}})?"
    rf"|(?:{_ENDINGS_WITH_PATH})/[^\s<>\"]{{1,2000}})"
)
_SPELLED = re.compile(r"\s{0,3}[(\[{<]\s{0,2}(?:dot|\.)\s{0,2}[)\]}>]\s{0,3}|\s{1,3}dot\s{1,3}")
_AFTER_AT = re.compile(r"(?:@|[(\[{<]\s?at\s?[)\]}>])\s{0,3}$")
_AFTER_AT_WORD = re.compile(r"\bat\s{1,3}$")
_MARKUP = re.compile(r"\[/?url\b|\[link\b|<\s{0,3}a\s{1,3}href|\]\(\s{0,3}http", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """One address as it was found: its host in plain ASCII, and how it was written."""

    host: str
    field: str
    start: int
    end: int
    spelled: bool
    odd: bool  # a number for a host, a user name before it, or letters of two scripts


def check(subject: Subject) -> Outcome:
    """Counts links to other sites; many, or one that hides what it is, want a look in the spam lane.

    An organisation may name its own site a time or two; whoever else says that a site is theirs may say so of any.
    """
    texts = subject.texts()
    found = [link for name, text in texts.items() for link in links_in(name, text)]
    own = _links_to(host_of(subject.website), found) if subject.from_organisation else []
    known = [*_links_to(host_of(subject.permalink), found), *(own if len(own) < MANY else [])]
    away = [link for link in found if link not in known]
    markup = [name for name, text in texts.items() if _MARKUP.search(text)]
    rules = _rules(away, markup)
    if not rules:
        return Outcome(NAME, Verdict.CLEAR)
    hosts = list(dict.fromkeys(link.host for link in away))
    detail = {"rules": rules, "count": len(away), "hosts": [host[:100] for host in hosts[:TOLD]]}
    quotes = tuple(Quote(link.field, link.start, link.end, "link") for link in away)
    if {"many_links", "hidden_link", "link_markup"} & set(rules):
        return Outcome(NAME, Verdict.LOOK, SPAM, quotes, detail)
    return Outcome(NAME, Verdict.NOTICE, None, quotes, detail)


def _links_to(host: str, found: list[Link]) -> list[Link]:
    return [link for link in found if host and same_site(link.host, host)]


def _rules(away: list[Link], markup: list[str]) -> list[str]:
    rules = {
        "many_links": len(away) >= MANY,
        "hidden_link": any(link.odd for link in away),
        "link_markup": bool(markup),
        "spelled_link": any(link.spelled for link in away),
        "link": bool(away),
    }
    return [rule for rule, holds in rules.items() if holds]


def links_in(name: str, text: str) -> list[Link]:
    """Every address in one field's text, in order, with its place there."""
    seen = fold(text)
    taken: list[tuple[int, int]] = []
    links: list[Link] = []
    for match in _SCHEME.finditer(seen.text):
        taken.append(match.span())
        links.append(_link(name, text, seen, *match.span()))
    place = 0
    for match in _BARE.finditer(seen.text):
        while place < len(taken) and taken[place][1] <= match.start():
            place += 1
        inside = place < len(taken) and taken[place][0] < match.end()
        if not inside and not _is_mail(seen.text, match.start()):
            links.append(_link(name, text, seen, *match.span()))
    return sorted(links, key=lambda link: link.start)


def _is_mail(text: str, start: int) -> bool:
    """Whether the host that begins here is the end of an e-mail address, which another check finds."""
    near = max(0, start - 12)
    if _AFTER_AT.search(text, near, start):
        return True
    return bool(_AFTER_AT_WORD.search(text, near, start)) and text.startswith(MAILBOXES, start)


def _link(name: str, text: str, seen: Folded, start: int, end: int) -> Link:
    written = seen.text[start:end]
    address = _SPELLED.sub(".", written)
    first, last = seen.span(start, end)
    sent = address if "\u202e" in text else _SPELLED.sub(".", _visible(text[first:last]))
    host = host_of(re.sub(r"\s+", "", sent)) or address[:100]
    odd = _is_number(host) or "@" in address.split("//")[-1].split("/")[0] or _two_scripts(text[first:last])
    return Link(host, name, first, last, address != written, odd)


def _visible(text: str) -> str:
    """`text` in plain forms of its letters, accents kept: they are part of a host's name."""
    return signs.without_unseen(signs.normal("NFKC", text))


def host_of(address: str) -> str:
    """The host of an address, ASCII, lower case and without a trailing dot; empty if it has none."""
    if not address:
        return ""
    address = address if "//" in address else f"//{address}"
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return plain_host(host)


def plain_host(host: str) -> str:
    """One spelling for each host name: IDNA, lower case, no trailing dot."""
    host = host.strip().rstrip(".。．｡")
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return host.lower()


def same_site(host: str, site: str) -> bool:
    """Whether `host` is `site` or a part of it, compared label by label: notexample.org is no part of example.org."""
    labels, wanted = plain_host(host).split("."), plain_host(site).split(".")
    wanted = wanted[1:] if len(wanted) > 2 and wanted[0] == "www" else wanted
    return bool(site) and labels[-len(wanted) :] == wanted


def _is_number(host: str) -> bool:
    return address_of(host) is not None or host.isdigit() or host.startswith("0x")


def _two_scripts(written: str) -> bool:
    host = written.split("//")[-1].split("/")[0]
    latin = any(letter.isascii() and letter.isalpha() for letter in host)
    return latin and any("Ͱ" <= letter <= "ӿ" for letter in host)
