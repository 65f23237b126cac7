"""A list as an Atom document (RFC 4287) that no word in it can break: plain text alone, of signs that XML knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from feedgenerator import Atom1Feed
from flask import Response

TYPE = "application/atom+xml; charset=utf-8"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


@dataclass(frozen=True)
class Entry:
    """One thing of a list; addresses are whole."""

    public_id: str
    url: str
    title: str
    words: str
    lang: str
    by: str
    published_at: datetime
    updated_at: datetime
    theme: tuple[str, str] | None = None  # key, and what it is called


@dataclass(frozen=True)
class Feed:
    """A page of a list, newest first, and where it stands; addresses are whole."""

    title: str
    subtitle: str
    lang: str
    page_url: str  # that people read
    first_url: str  # of the whole list, by which it is known for good
    self_url: str
    since: datetime  # stands for the last change where the list is empty
    entries: Sequence[Entry]
    next_url: str | None = None
    author: str = ""


def id_of(public_id: str) -> str:
    """The same for ever, also where the wall moves to another address."""
    return uuid5(NAMESPACE_URL, f"promise-wall:{public_id}").urn


def answer(feed: Feed) -> Response:
    """The document, with its type."""
    made = _Written(
        title=readable(feed.title),
        link=feed.page_url,
        description=None,
        language=feed.lang,
        subtitle=readable(feed.subtitle) or None,
        author_name=readable(feed.author) or None,
        feed_url=feed.self_url,
        feed_guid=feed.first_url,
        next_url=feed.next_url,
        first_url=feed.first_url,
        since=feed.since,
    )
    for each in feed.entries:
        made.add_item(
            title=readable(each.title),
            link=each.url,
            description=None,
            author_name=readable(each.by),
            pubdate=each.published_at,
            updateddate=each.updated_at,
            unique_id=id_of(each.public_id),
            words=readable(each.words),
            lang=each.lang,
            theme=each.theme,
        )
    return Response(made.writeString("utf-8"), content_type=TYPE)


def readable(text: str) -> str:
    """`text` without what XML cannot carry, which would make the whole list unreadable."""
    return _NOT_XML.sub("", text)


class _Written(Atom1Feed):
    """The library's document, with pages (RFC 5005), and words as text in their own language."""

    def latest_post_date(self) -> datetime:
        return max((each["updateddate"] for each in self.items), default=self.feed["since"])

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        handler.addQuickElement("link", "", {"rel": "first", "href": self.feed["first_url"]})
        if self.feed["next_url"]:
            handler.addQuickElement("link", "", {"rel": "next", "href": self.feed["next_url"]})

    def add_item_elements(self, handler: Any, item: Mapping[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["words"], {"type": "text", "xml:lang": item["lang"]})
        if item["theme"]:
            term, label = item["theme"]
            handler.addQuickElement("category", "", {"term": term, "label": readable(label)})
