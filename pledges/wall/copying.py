"""A promise to copy into another page: as plain HTML, and as its picture with the words for those who do not see it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from markupsafe import Markup

from pledges.markup import prose
from pledges.models import Campaign, Contribution
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
    seen = Markup('<a href="{}"><img src="{}" width="{}" height="{}" alt="{}"></a>')
    return Copy(str(html), str(seen.format(address, picture, WIDE, HIGH, words)), picture, words)
