"""What everyone sees: which words, in which order, under which name, and the tag that caches keep them by."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from . import cloth, counters, dyes, motifs
from .errors import NotYours
from .intake import Sent
from .models import (
    Audience,
    Campaign,
    CampaignState,
    Contribution,
    EventCode,
    Kind,
    Progress,
    Question,
    Revision,
    ShowName,
    Theme,
    Type,
)
from .settings import VERSION
from .text import cut, first_name

T = TypeVar("T")

PAGE = 24
THREAD = 50
SIZES = (("s", 52), ("m", 125), ("l", 260))  # code points, as the design sets them
SHOWN_CHARS = 320  # on the wall; longer words are cut there and stand whole on their own page

SHELVES = {"promises": Type.PLEDGE, "answers": Type.ANSWER}  # segment of the address -> what stands there
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_ID = re.compile(r"[0-9a-z]{4,16}")


class BadCursor(ValueError):
    """Not a cursor that we made."""


@dataclass(frozen=True)
class Cursor:
    """The last one seen; what comes after it is the next page, also when new ones have arrived since."""

    at: datetime
    id: int

    def __str__(self) -> str:
        said = f"{int(self.at.timestamp() * 1_000_000):x}.{self.id:x}"
        return urlsafe_b64encode(said.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor:
        """The cursor that this text stands for; raises BadCursor."""
        try:
            moment, number = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(".")
            micros, own = int(moment, 16), int(number, 16)
            if not (0 <= micros < 2**53 and 0 <= own < 2**63):
                raise BadCursor(text)
            return cls(datetime.fromtimestamp(micros / 1_000_000, UTC), own)
        except (ValueError, OverflowError, OSError) as error:
            raise BadCursor("not a cursor") from error

    @classmethod
    def of(cls, contribution: Contribution) -> Cursor:
        assert contribution.shown_at is not None  # noqa: S101 (only what is shown is listed)
        return cls(contribution.shown_at, contribution.id)


@dataclass(frozen=True)
class Filters:
    """What a reader asked to see, as written in the address; empty: everything."""

    theme: str = ""
    audience: str = ""
    kind: str = ""
    status: str = ""
    lang: str = ""

    @classmethod
    def read(cls, args: dict[str, str]) -> Filters:
        return cls(**{each.name: args.get(each.name, "")[:40] for each in fields(cls)})

    @property
    def asked(self) -> dict[str, str]:
        """Only what is set: the query of a link."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name))}

    def having(self, **changed: str) -> dict[str, str]:
        """The query that says the same, but for what is changed."""
        return {name: value for name, value in {**self.asked, **changed}.items() if value}


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
    theme: Theme | None = None
    status: Progress = Progress.PROMISED
    kind: Kind = Kind.PERSON
    by_when: date | None = None
    how_we_will_know: str = ""
    comments: int = 0
    comments_open: bool = True
    example: bool = False
    published_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Removed:
    """What was taken down, and when."""

    public_id: str
    at: datetime


@dataclass(frozen=True)
class Comment:
    """A comment with its replies; `piece` is none where it was taken away and only replies stand."""

    id: str
    piece: Piece | None
    replies: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of a longer list, and where the rest begins."""

    items: list[T]
    next: str | None


WHOLE = (  # with all that is told of a campaign, so that none of many asks by itself
    selectinload(Campaign.themes),
    selectinload(Campaign.audiences),
    selectinload(Campaign.questions),
)


def shown_campaigns(session: Session, *with_it: ExecutableOption) -> list[Campaign]:
    """Every campaign that the public may see, the open ones first, newest first; `with_it`: what is read along."""
    shown = select(Campaign).where(Campaign.state.in_([CampaignState.OPEN, CampaignState.CLOSED]))
    found = session.scalars(shown.options(*with_it))
    return sorted(found, key=lambda each: (each.state is not CampaignState.OPEN, -each.id))


def campaign_or_404(session: Session, slug: str) -> Campaign:
    """The campaign at this address; raises NotYours where there is none, or none yet."""
    found = None
    if _SLUG.fullmatch(slug):
        found = session.scalars(select(Campaign).where(Campaign.slug == slug)).first()
    if found is None or found.state is CampaignState.DRAFT:
        raise NotYours
    return found


def is_open(campaign: Campaign, now: datetime) -> bool:
    """Whether promises are taken now."""
    return (
        campaign.state is CampaignState.OPEN
        and (campaign.opens_at is None or campaign.opens_at <= now)
        and (campaign.closes_at is None or now < campaign.closes_at)
    )


def takes_comments(campaign: Campaign, parent: Contribution | None = None) -> bool:
    """Whether comments are taken; they may go on after the last day for promises."""
    return (
        campaign.comments_open
        and campaign.state is CampaignState.OPEN
        and (parent is None or parent.comments_closed_at is None)
    )


def event_code(session: Session, campaign: Campaign, code: str, now: datetime) -> EventCode | None:
    """The event whose code this is, in whatever letters, if it is on now."""
    if not code:
        return None
    same = (EventCode.campaign_id == campaign.id, func.lower(EventCode.code) == code.lower())
    found = session.scalars(select(EventCode).where(*same).order_by(EventCode.code != code, EventCode.id))
    return next((event for event in found if _is_on(event, campaign, now)), None)


def event_of(session: Session, contribution: Contribution, now: datetime) -> EventCode | None:
    """The event with whose code this was sent, if it is on now."""
    event = session.get(EventCode, contribution.event_code_id) if contribution.event_code_id else None
    return event if event is not None and _is_on(event, contribution.campaign, now) else None


def _is_on(event: EventCode, campaign: Campaign, now: datetime) -> bool:
    return event.ended_at is None and event.starts_at <= now < event.ends_at and _in_its_hours(event, campaign, now)


def _in_its_hours(event: EventCode, campaign: Campaign, now: datetime) -> bool:
    clock = now.astimezone(ZoneInfo(campaign.time_zone)).time()
    begun = event.from_hour is None or event.from_hour <= clock
    going_on = event.until_hour is None or clock < event.until_hour
    return begun or going_on if event.over_midnight else begun and going_on


def wall_page(
    session: Session,
    campaign: Campaign,
    filters: Filters,
    after: Cursor | None,
    *,
    limit: int = PAGE,
    type: Type = Type.PLEDGE,
    question: Question | None = None,
) -> Page[Contribution]:
    """Published contributions, newest first; past the end, an empty page."""
    wanted = _filtered(_shown(campaign, type), campaign, filters)
    if wanted is None:
        return Page([], None)
    if question is not None:
        wanted = wanted.where(Contribution.question_id == question.id)
    if after is not None:
        wanted = wanted.where(
            Contribution.shown_at <= after.at,
            or_(Contribution.shown_at < after.at, Contribution.id < after.id),
        )
    found = list(
        session.scalars(wanted.order_by(Contribution.shown_at.desc(), Contribution.id.desc()).limit(limit + 1))
    )
    more = len(found) > limit
    return Page(found[:limit], str(Cursor.of(found[limit - 1])) if more else None)


def _shown(campaign: Campaign, type: Type) -> Select[Contribution]:
    return (
        select(Contribution)
        .where(Contribution.campaign_id == campaign.id, Contribution.type == type, Contribution.shown_at.is_not(None))
        .options(
            joinedload(Contribution.published_revision),
            joinedload(Contribution.organisation),
        )
    )


def _filtered(wanted: Select[Contribution], campaign: Campaign, filters: Filters) -> Select[Contribution] | None:
    """The query narrowed to what was asked; none where nothing can match."""
    themes = {theme.key: theme.id for theme in campaign.themes}
    audiences = {audience.key: audience for audience in campaign.audiences}
    try:
        if filters.theme:
            wanted = wanted.where(Contribution.theme_id == themes[filters.theme])
        if filters.audience:
            wanted = wanted.where(_speaks_as(audiences[filters.audience]))
        if filters.kind:
            wanted = wanted.where(Contribution.kind == Kind(filters.kind))
        if filters.status:
            wanted = wanted.where(Contribution.progress == Progress(filters.status))
    except (KeyError, ValueError):
        return None
    if filters.lang and filters.lang not in campaign.contribution_languages:
        return None
    return wanted.where(Contribution.lang == filters.lang) if filters.lang else wanted


def _speaks_as(audience: Audience) -> ColumnElement[bool]:
    """Who chose this audience; where it is all of a kind, everyone of that kind, who need not say so."""
    chosen = Contribution.audience_id == audience.id
    return or_(chosen, Contribution.kind == audience.kind) if audience.kind is not None else chosen


ON_ITS_PAGE = (joinedload(Contribution.published_revision), joinedload(Contribution.question))


def shown_or_404(
    session: Session, campaign: Campaign, public_id: str, *types: Type, with_it: Sequence[ExecutableOption] = ()
) -> Contribution:
    """What stands at this address now; raises NotYours for what is hidden, elsewhere, or not there.

    `with_it`: what is read along; not where the row is locked later, which PostgreSQL does not do to such a join.
    """
    found = None
    if _ID.fullmatch(public_id):
        found = session.scalars(
            select(Contribution)
            .where(
                Contribution.public_id == public_id,
                Contribution.campaign_id == campaign.id,
                Contribution.type.in_(types),
                Contribution.shown_at.is_not(None),
            )
            .options(*with_it)
        ).first()
    if found is None or not _stands(found):
        raise NotYours
    return found


def hidden_since_shown(session: Session, campaign: Campaign, public_id: str, type: Type) -> Contribution | None:
    """What once stood at this address and stands there no more, though we still have it."""
    if not _ID.fullmatch(public_id):
        return None
    return session.scalars(
        select(Contribution).where(
            Contribution.public_id == public_id,
            Contribution.campaign_id == campaign.id,
            Contribution.type == type,
            Contribution.published_at.is_not(None),
            Contribution.erased_at.is_(None),
        )
    ).first()


def shown_anywhere_or_404(session: Session, public_id: str) -> Contribution:
    """The promise or answer with this id on any shown campaign; raises NotYours."""
    found = None
    if _ID.fullmatch(public_id):
        found = session.scalars(
            select(Contribution)
            .join(Campaign, Campaign.id == Contribution.campaign_id)
            .where(
                Contribution.public_id == public_id,
                Contribution.type.in_(SHELVES.values()),
                Contribution.shown_at.is_not(None),
                Campaign.state != CampaignState.DRAFT,
            )
        ).first()
    if found is None or not _stands(found):
        raise NotYours
    return found


def _stands(contribution: Contribution) -> bool:
    """Whether the page that it belongs to is there: a comment goes with its promise, an answer with its question."""
    if contribution.type is Type.COMMENT:
        return contribution.parent is not None and contribution.parent.shown_at is not None
    question = contribution.question
    return question is None or (question.answers_public and question.archived_at is None)


def question_or_404(session: Session, campaign: Campaign, public_id: str) -> Question:
    found = None
    if _ID.fullmatch(public_id):
        found = session.scalars(
            select(Question).where(
                Question.public_id == public_id,
                Question.campaign_id == campaign.id,
                Question.archived_at.is_(None),
            )
        ).first()
    if found is None:
        raise NotYours
    return found


def thread(session: Session, parent: Contribution, after: Cursor | None) -> Page[Comment]:
    """Comments in the order they were made, each with its replies; one that was taken away leaves its place."""
    reply = aliased(Contribution)
    has_replies = select(reply.id).where(reply.reply_to_id == Contribution.id, reply.shown_at.is_not(None)).exists()
    wanted = select(Contribution).where(
        Contribution.parent_id == parent.id,
        Contribution.type == Type.COMMENT,
        Contribution.reply_to_id.is_(None),
        or_(Contribution.shown_at.is_not(None), and_(Contribution.published_at.is_not(None), has_replies)),
    )
    if after is not None:
        wanted = wanted.where(Contribution.id > after.id)
    wanted = wanted.options(joinedload(Contribution.published_revision))
    found = list(session.scalars(wanted.order_by(Contribution.id).limit(THREAD + 1)))
    replies: dict[int, list[Piece]] = {}
    for each in _replies(session, parent, [one.id for one in found[:THREAD]]):
        assert each.reply_to_id is not None  # noqa: S101 (selected by it)
        replies.setdefault(each.reply_to_id, []).append(piece(each))
    comments = [
        Comment(one.public_id, piece(one) if one.shown_at else None, replies.get(one.id, [])) for one in found[:THREAD]
    ]
    last = found[THREAD - 1] if len(found) > THREAD else None
    return Page(comments, str(Cursor(last.created_at, last.id)) if last else None)


def _replies(session: Session, parent: Contribution, to: Sequence[int]) -> Iterable[Contribution]:
    return session.scalars(
        select(Contribution)
        .where(
            Contribution.parent_id == parent.id,
            Contribution.type == Type.COMMENT,
            Contribution.reply_to_id.in_(to),
            Contribution.shown_at.is_not(None),
        )
        .options(joinedload(Contribution.published_revision))
        .order_by(Contribution.id)
    )


def comments_page(session: Session, parent: Contribution, after: Cursor | None, limit: int) -> Page[Contribution]:
    """Shown comments and replies, oldest first."""
    wanted = select(Contribution).where(
        Contribution.parent_id == parent.id, Contribution.type == Type.COMMENT, Contribution.shown_at.is_not(None)
    )
    if after is not None:
        wanted = wanted.where(
            Contribution.shown_at >= after.at,
            or_(Contribution.shown_at > after.at, Contribution.id > after.id),
        )
    found = list(
        session.scalars(
            wanted.options(joinedload(Contribution.published_revision), joinedload(Contribution.reply_to))
            .order_by(Contribution.shown_at, Contribution.id)
            .limit(limit + 1)
        )
    )
    return Page(found[:limit], str(Cursor.of(found[limit - 1])) if len(found) > limit else None)


REMOVED = 1_000  # ids of one answer


def removed(
    session: Session, campaign: Campaign, since: datetime | None, after: Cursor | None, limit: int = REMOVED
) -> Page[Removed]:
    """What once stood on the wall and has been taken down, oldest first: since then, and after the last one seen.

    A comment under a promise that was taken down is told too, with the moment at which it went.
    """
    above = aliased(Contribution)
    gone_at = func.coalesce(Contribution.hidden_at, above.hidden_at)
    wanted = (
        select(Contribution, gone_at)
        .outerjoin(above, and_(above.id == Contribution.parent_id, above.shown_at.is_(None)))
        .where(
            Contribution.campaign_id == campaign.id,
            Contribution.published_at.is_not(None),
            or_(Contribution.shown_at.is_(None), above.id.is_not(None)),
            gone_at.is_not(None),
        )
    )
    if since is not None:
        wanted = wanted.where(gone_at >= since)
    if after is not None:
        wanted = wanted.where(or_(gone_at > after.at, and_(gone_at == after.at, Contribution.id > after.id)))
    found = session.execute(wanted.order_by(gone_at, Contribution.id).limit(limit + 1)).all()
    items = [Removed(each.public_id, at) for each, at in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return Page(items, str(Cursor(last[1], last[0].id)) if last is not None else None)


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
            return Signature(first_name(revision.name))
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
            return first_name(revision.name)
        case ShowName.ROLE:
            return revision.role
        case _:
            return ""


def piece(contribution: Contribution, revision: Revision | None = None) -> Piece:
    """What the public sees of it; of the given revision, as it would look."""
    shown = revision or contribution.published_revision
    assert shown is not None  # noqa: S101 (callers list what is shown)
    words, was_cut = cut(shown.words, SHOWN_CHARS)
    theme = contribution.theme if revision is None else revision.theme
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


def the_cloth(session: Session, campaign: Campaign, *, mark: date | None = None, narrow: bool = False) -> cloth.Cloth:
    """The picture of the campaign, from its counters; `mark` leaves one day bright."""
    worn = {f"{counters.CLOTH}{theme.id}": dye(theme) for theme in campaign.themes}
    worn |= {f"{counters.LOOSE}{name}": name for name in dyes.DYES}
    days: dict[str, dict[str, int]] = {}
    for day, name, value in counters.days(session, campaign.id):
        blocks = days.setdefault(day, dict.fromkeys([*worn.values()], 0))
        blocks[worn.get(name) or dyes.of_key(name)] += max(0, value)
    woven = tuple((day, tuple((name, n) for name, n in blocks.items() if n)) for day, blocks in days.items())
    wide, high = (320, 300) if narrow else (cloth.WIDTH, cloth.HEIGHT)
    return cloth.weave(woven, mark=mark.isoformat() if mark else None, width=wide, height=high)


def etag(campaign: Campaign, lang: str, path: str, now: datetime) -> str:
    """Changes with the release, with what is shown, with the language and the page, and when the wall closes."""
    said = [VERSION, campaign.id, campaign.wall_version, campaign.state, is_open(campaign, now), lang, path]
    return hashlib.sha256("\0".join(map(str, said)).encode()).hexdigest()[:32]


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


COLOURS = ("campaign", "on-campaign", "campaign-ink", "accent", "on-accent")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def colours_css(campaign: Campaign) -> str:
    """The campaign's colours that are colours; in the dark its ink is mixed with white, for links and buttons."""
    given = {name.replace("_", "-"): value for name, value in (campaign.colours or {}).items()}
    own = {name: given[name] for name in COLOURS if _COLOUR.fullmatch(str(given.get(name, "")))}
    if not own:
        return ""
    dark = dict(own)
    if "campaign-ink" in own:
        pale = _mixed_with_white(own["campaign-ink"], 0.6)
        dark |= {"campaign-ink": pale, "button": pale, "on-button": "#111119"}
    # written twice in the selector, so that it outweighs the dark scheme of the common style sheet
    return f":root:root {{ {_declared(own)} }}\n@media (prefers-color-scheme: dark) {{ :root:root:root {{ {_declared(dark)} }} }}\n"


def _declared(values: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def _mixed_with_white(colour: str, share: float) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part * (1 - share) + 255 * share):02x}" for part in parts)
