"""Words become HTML in two ways only: `prose` for the public's plain words, `staff_html` for what owners write."""

from __future__ import annotations

import bleach
import nh3
from markupsafe import Markup, escape

STAFF_CHARS = 40_000  # longer text makes the sanitiser slow; owners' pages are far shorter
_TAGS = frozenset({"a", "b", "blockquote", "em", "h2", "h3", "i", "li", "ol", "p", "strong", "ul", "br"})
_LINKS = frozenset({"https", "http", "mailto"})


def prose(words: str) -> Markup:
    """Plain words as paragraphs; nothing in them is markup, and nothing becomes a link."""
    paragraphs = [str(escape(part)).replace("\n", "<br>") for part in words.split("\n\n") if part.strip()]
    return Markup("".join(f"<p>{part}</p>" for part in paragraphs))  # noqa: S704 (each was escaped)


def staff_html(words: str) -> Markup:
    """What an owner wrote, with a few harmless tags; raises ValueError above 40,000 characters."""
    if len(words) > STAFF_CHARS:
        raise ValueError(f"longer than {STAFF_CHARS} characters")
    once = bleach.clean(
        words, tags=_TAGS, attributes={"a": ["href"]}, protocols=_LINKS, strip=True, strip_comments=True
    )
    twice = nh3.clean(
        once, tags=set(_TAGS), attributes={"a": {"href"}}, url_schemes=set(_LINKS), link_rel="noopener noreferrer"
    )
    return Markup(twice)  # noqa: S704 (read twice, by two sanitisers)


def tagged(words: str, lang: str, page_lang: str) -> Markup:
    """The words, marked with their language where the page's is another."""
    return escape(words) if not words or lang == page_lang else Markup('<span lang="{}">{}</span>').format(lang, words)
