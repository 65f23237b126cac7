"""A promise to copy into another page: as plain HTML, and as its picture with the words for those who do not see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from pledges.markup import prose
from pledges.models import Campaign, Contribution, Kind
from pledges.settings import settings
from pledges.web.language import address_of, link, page_lang

from .pieces import Piece

WIDE, HIGH = 1200, 630  # of a picture


@dataclass(frozen=True)
class Copy:
    """What is offered to be copied; addresses are whole."""

    html: str
    picture_html: str
    picture: str  # its address
    words_of_picture: str


def copy_of(shown: Piece, pledge: Contribution, campaign: Campaign) -> Copy:
    """The whole words with who says so and where they stand; no style, no script, and no name beyond the level shown."""
    revision = pledge.published_revision
    assert revision is not None  # noqa: S101 (it is shown)
    address = address_of(pledge, campaign, absolute=True)
    picture = settings().base_url + link("promise_card", slug=campaign.slug, shelf=shown.shelf, id=shown.id)
    signed = ", ".join(part for part in (shown.by.name, shown.by.meta) if part) or _("Name not shown")
    title, lang = campaign.title.in_(page_lang()), campaign.title.lang_of(page_lang())
    html = Markup(
        '<blockquote cite="{}">\n<div lang="{}" dir="auto">{}</div>\n<p lang="{}">— {}, <a href="{}">{}</a></p>\n</blockquote>'
    ).format(address, revision.lang, prose(revision.words), lang, signed, address, title)
    words = " ".join(f"{signed}: {revision.words}".split())
    if shown.logo is not None:
        words = _("%(words)s (with a logo: %(shows)s)", words=words, shows=shown.logo.alt)
    seen = Markup('<a href="{}"><img src="{}" width="{}" height="{}" alt="{}"></a>')
    return Copy(str(html), str(seen.format(address, picture, WIDE, HIGH, words)), picture, words)


def linked_data(pledge: Contribution, shown: Piece, campaign: Campaign) -> dict[str, Any]:
    """A promise for those who read pages by program (schema.org): what its page says, and nothing else."""
    revision = pledge.published_revision
    assert revision is not None and pledge.published_at is not None  # noqa: S101 (it is shown)
    base = settings().base_url
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "SocialMediaPosting",
        "url": address_of(pledge, campaign, absolute=True),
        "headline": " ".join(shown.words.split())[:110],
        "articleBody": revision.words,
        "inLanguage": revision.lang,
        "datePublished": pledge.published_at.isoformat(timespec="seconds"),
        "commentCount": shown.comments,
        "image": base + link("promise_card", slug=campaign.slug, shelf=shown.shelf, id=shown.id),
        "isPartOf": {
            "@type": "WebPage",
            "name": campaign.title.in_(page_lang()),
            "url": base + link("wall", slug=campaign.slug),
        },
    }
    if pledge.changed_at is not None:
        said["dateModified"] = pledge.changed_at.isoformat(timespec="seconds")
    if shown.by.name:
        maker = "Organization" if shown.kind is Kind.ORGANISATION else "Person"
        said["author"] = {"@type": maker, "name": shown.by.name}
    return said
