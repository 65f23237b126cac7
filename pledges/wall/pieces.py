"""A promise as a piece of cloth: its words, its dye, and the name under it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session, joinedload, load_only

from pledges.db import utcnow
from pledges.figures import cloth, counters, dyes, motifs
from pledges.intake.sent import Sent
from pledges.models import Campaign, Contribution, Kind, Progress, Revision, ShowName, Theme, Type
from pledges.organisations import badges, logos
from pledges.text import cut, first_name

OF_A_PIECE = (  # what is read for each of many; anything else of them raises, and does not ask by itself
    load_only(
        Contribution.audience_id,
        Contribution.by_author,
        Contribution.changed_at,
        Contribution.comments_closed_at,
        Contribution.comments_shown,
        Contribution.created_at,
        Contribution.example,
        Contribution.name_lessened_at,
        Contribution.progress,
        Contribution.public_id,
        Contribution.published_at,
        Contribution.published_revision_id,
        Contribution.reply_to_id,
        Contribution.show_name,
        Contribution.shown_at,
        Contribution.theme_id,
        Contribution.type,
        Contribution.vouched_at,
        raiseload=True,
    ),
    joinedload(Contribution.published_revision).load_only(
        Revision.actions,
        Revision.by_when,
        Revision.first_name,
        Revision.how_we_will_know,
        Revision.kind,
        Revision.lang,
        Revision.name,
        Revision.organisation,
        Revision.role,
        Revision.words,
        raiseload=True,
    ),
)
SIZES = (("s", 52), ("m", 125), ("l", 260))  # code points, as the design sets them
SHOWN_CHARS = 320  # on the wall; longer words are cut there and stand whole on their own page


@dataclass(frozen=True)
class Signature:
    """How an author is named in public; no name: 'Name not shown'."""

    name: str = ""
    meta: str = ""


@dataclass(frozen=True)
class Piece:
    """One contribution as the public sees it."""

    id: str
    shelf: str
    words: str
    whole: bool  # False: cut, the rest is on its own page
    size: str
    lang: str
    by: Signature
    dye: str
    motif: str
    theme: Theme | None = field(default=None, compare=False)
    status: Progress = Progress.PROMISED
    kind: Kind = Kind.PERSON
    by_when: date | None = None
    how_we_will_know: str = ""
    comments: int = 0
    comments_open: bool = True
    example: bool = False
    maker: bool = False  # a comment of whoever made the promise
    logo: logos.Shown | None = None  # of that organisation, while it is verified
    verified: bool = False  # its author is known to speak for the organisation that it names
    published_at: datetime | None = None
    changed_at: datetime | None = None


def signature(revision: Revision | Sent, show_name: ShowName) -> Signature:
    """How much of the author this level shows; never more than the level says."""
    if show_name is ShowName.ANONYMOUS:
        return Signature()
    if revision.kind is Kind.ORGANISATION:
        return Signature(revision.organisation, _person_of(revision, show_name))
    match show_name:
        case ShowName.FULL:
            return Signature(revision.name, revision.role)
        case ShowName.FIRST:
            return Signature(_first_name(revision))
        case ShowName.ROLE:
            return Signature(revision.role)
        case _:
            return Signature(revision.organisation)


def _person_of(revision: Revision | Sent, show_name: ShowName) -> str:
    """Who speaks for an organisation, as far as the level says."""
    match show_name:
        case ShowName.FULL:
            return ", ".join(part for part in (revision.name, revision.role) if part)
        case ShowName.FIRST:
            return _first_name(revision)
        case ShowName.ROLE:
            return revision.role
        case _:
            return ""


def less_than(revision: Revision, level: ShowName, *, shown_already: bool = False) -> list[ShowName]:
    """The levels that show less of who sent these words than this one, and show something, or nothing at all.

    With `shown_already` those alone that show nothing beside what this one shows: for everybody but the author.
    """
    said = {
        ShowName.FIRST: "" if revision.kind is Kind.ORGANISATION else _first_name(revision),
        ShowName.ROLE: revision.role,
        ShowName.ORGANISATION: revision.organisation,
    }
    less = [each for each in ShowName if each.place > level.place and (said.get(each) or each is ShowName.ANONYMOUS)]
    if not shown_already:
        return less
    whole = {ShowName.ANONYMOUS}
    whole |= {ShowName.FIRST, ShowName.ROLE} if level is ShowName.FULL else set()
    whole |= {ShowName.ORGANISATION} if revision.kind is Kind.ORGANISATION else set()
    return [each for each in less if each in whole]


def _first_name(revision: Revision | Sent) -> str:
    """As its bearer wrote it; of words that came without it, what can be told from the name."""
    return revision.first_name or first_name(revision.name)


def piece(contribution: Contribution, revision: Revision | None = None) -> Piece:
    """What the public sees of it; of the given revision, as it would look."""
    shown = revision or contribution.published_revision
    assert shown is not None  # noqa: S101 (callers list what is shown)
    words, was_cut = cut(shown.words, SHOWN_CHARS)
    of = contribution if revision is None else revision
    verified = revision is None and badges.speaks(contribution, utcnow())
    theme = of.theme if of.theme_id is not None else None  # a comment has none, and there are many
    return Piece(
        id=contribution.public_id,
        shelf="answers" if contribution.type is Type.ANSWER else "promises",
        words=words,
        whole=not was_cut,
        size=size(shown.words),
        lang=shown.lang,
        by=signature(shown, contribution.show_name if revision is None else revision.level),
        dye=dye(theme, contribution.public_id),
        motif=motifs.path(contribution.public_id),
        theme=theme,
        status=contribution.progress,
        kind=shown.kind,
        by_when=shown.by_when,
        how_we_will_know=shown.how_we_will_know,
        comments=contribution.comments_shown or 0,
        comments_open=contribution.comments_closed_at is None,
        example=bool(contribution.example),
        maker=bool(contribution.by_author),
        verified=verified,
        logo=logos.of(contribution.organisation) if verified else None,
        published_at=contribution.published_at,
        changed_at=contribution.changed_at,
    )


def size(words: str) -> str:
    """The band of the piece: short words are set large, long words smaller."""
    return next((band for band, most in SIZES if len(words) <= most), "xl")


def dye(theme: Theme | None, key: str = "") -> str:
    """The dye of the theme; without a theme that of `key`, the id of the promise, and never grey."""
    if theme is None:
        return dyes.of_key(key)
    return theme.dye if theme.dye in dyes.DYES else dyes.of_key(theme.key)


def the_cloth(
    session: Session, campaign: Campaign, *, mark: date | None = None, own: str = "", narrow: bool = False
) -> cloth.Cloth:
    """The picture of the campaign, from its counters; `mark` leaves one day bright, and one block of the dye `own` white."""
    wide, high = (320, 300) if narrow else (cloth.WIDTH, cloth.HEIGHT)
    return cloth.weave(
        days_of(session, campaign), mark=mark.isoformat() if mark else None, own=own, width=wide, height=high
    )


def days_of(session: Session, campaign: Campaign) -> tuple[cloth.Day, ...]:
    """How many promises of each dye each day brought, oldest first."""
    worn = {f"{counters.CLOTH}{theme.id}": dye(theme) for theme in campaign.themes}
    worn |= {f"{counters.LOOSE}{name}": name for name in dyes.DYES}
    days: dict[str, dict[str, int]] = {}
    for day, name, value in counters.days(session, campaign.id):
        blocks = days.setdefault(day, dict.fromkeys([*worn.values()], 0))
        blocks[worn.get(name) or dyes.of_key(name)] += max(0, value)
    return tuple((day, tuple((name, n) for name, n in blocks.items() if n)) for day, blocks in days.items())


def unsent_piece(sent: Sent, theme: Theme | None) -> Piece:
    """The piece as these words would look, before anything is stored."""
    words, was_cut = cut(sent.words, SHOWN_CHARS)
    return Piece(
        id="",
        shelf="answers" if sent.type is Type.ANSWER else "promises",
        words=words,
        whole=not was_cut,
        size=size(sent.words),
        lang=sent.lang,
        by=signature(sent, sent.show_name),
        dye=dye(theme, sent.words),
        motif=motifs.path(sent.words),
        theme=theme,
        kind=sent.kind,
        by_when=sent.by_when,
        how_we_will_know=sent.how_we_will_know,
    )
