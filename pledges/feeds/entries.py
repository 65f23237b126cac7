"""What of a promise, an answer or a comment stands in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask_babel import format_date
from flask_babel import gettext as _

from pledges.db import reading
from pledges.intake.forms.update import STATUSES
from pledges.models import Campaign, Contribution, Progress
from pledges.text import opening
from pledges.updates import actions
from pledges.wall import steps
from pledges.wall.pieces import Piece, piece
from pledges.web.language import address_of, page_lang

from .atom import Entry


def entries(contributions: Sequence[Contribution], campaign: Campaign) -> list[Entry]:
    """Promises or answers as they stand now: what their authors told last has changed them, too."""
    last = steps.last_told(reading(), [each.id for each in contributions])
    acts = actions.of_many(reading(), contributions)
    found = [(each, entry(each, campaign, acts[each.id])) for each in contributions]
    return [replace(made, updated_at=max(made.updated_at, last.get(each.id, made.updated_at))) for each, made in found]


def entry(contribution: Contribution, campaign: Campaign, acts: Sequence[actions.Action] = ()) -> Entry:
    """It as its own page shows it: whole words, then by when, how we will know, and who says so."""
    shown, revision = piece(contribution), contribution.published_revision
    assert revision is not None and contribution.published_at is not None  # noqa: S101 (only what is shown comes here)
    theme = (shown.theme.key, shown.theme.title.in_(page_lang())) if shown.theme is not None else None
    return Entry(
        public_id=contribution.public_id,
        url=address_of(contribution, campaign, absolute=True),
        title=opening(revision.words),
        words="\n\n".join([revision.words, *_facts(shown, acts)]),
        lang=revision.lang,
        by=shown.by.name or _("Name not shown"),
        published_at=contribution.published_at,
        updated_at=max(
            filter(None, (contribution.published_at, contribution.changed_at, contribution.name_lessened_at))
        ),
        theme=theme,
    )


def _facts(shown: Piece, acts: Sequence[actions.Action]) -> list[str]:
    """What stands under the words, a line each."""
    said = []
    if shown.status is not Progress.PROMISED:
        said.append(f"{_('How it is going')}: {STATUSES[shown.status]}")
    if shown.by_when:
        said.append(f"{_('By when')}: {format_date(shown.by_when, 'd MMMM y')}")
    if shown.how_we_will_know:
        said.append(f"{_('How we will know')}: {shown.how_we_will_know}")
    for each in acts:
        how = f": {STATUSES[each.status]}" if each.status is not Progress.PROMISED else ""
        by = f" ({format_date(each.by, 'd MMMM y')})" if each.by else ""
        said.append(f"· {each.words}{by}{how}")
    signed = ", ".join(part for part in (shown.by.name, shown.by.meta) if part)
    return [*said, f"— {signed or _('Name not shown')}"]
