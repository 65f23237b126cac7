"""What waits, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session, joinedload, selectinload

from pledges.db import Utc, Values, rows_of
from pledges.models import EVERY_DAY, Campaign, Contribution, Counter, Kind, Revision, Theme, Type
from pledges.settings import Settings

from . import care, claims, clusters, decisions, lanes, notes, record
from .models import Act as Line
from .models import Decision, Lane, Moderator, Report, Review, ReviewLane
from .workflow import WAITS, Move, MoveNotAllowed, State

PAGE = 25
UNCHECKED_AFTER = timedelta(minutes=2)  # then a received item shows, since its checks may never come
WHOLE = (  # with all that a row of a list shows, so that no row asks by itself
    joinedload(Review.revision),
    joinedload(Review.contribution),
    joinedload(Review.campaign),
    joinedload(Review.claimed_by),
    selectinload(Review.findings),
    selectinload(Review.lanes),
)


@dataclass(frozen=True)
class Position:
    """Where a page of the queue ended."""

    waiting_since: datetime
    review_id: int


@dataclass(frozen=True)
class Filters:
    """What a page is narrowed to; empty: to nothing."""

    campaign: str = ""  # slug
    lang: str = ""
    kind: str = ""  # a kind of sender, a type of contribution, or "change"
    theme: str = ""  # key
    age: str = ""  # over | half | under: against the campaign's own target

    def more(self) -> bool:
        """Whether it is narrowed to less than whole lanes of campaigns, which alone are counted as they change."""
        return any((self.lang, self.kind, self.theme, self.age))


AGES = ("over", "half", "under")
CHANGE = "change"
COUNTED = 1000  # what is counted row by row is counted this far
NONE = Filters()
BACK_AT_ONCE = 20
AUTHOR_HAS = timedelta(days=7)  # to change what was reported and still stands, before somebody reads it again
MINE = "mine"  # the lane of what was passed to me
PARK, PASS = MARKS = ("review:park", "review:pass")  # acts of the record
TWICE = timedelta(seconds=10)  # within it, the same press again is no second act
BACK, UNMARK = BACKS = ("review:back", "review:unmark")


def page(
    session: Session,
    *,
    now: datetime,
    campaigns: list[int] | None,
    lane: str = "all",
    by: Moderator | None = None,
    after: Position | None = None,
    limit: int = PAGE,
    filters: Filters = NONE,
    among: Sequence[Campaign] | None = None,
) -> list[Review]:
    """What waits, oldest first, in campaigns of these ids (none = all); `limit` at most.

    `among`: these campaigns themselves, where they have been read.
    """
    chosen = _campaigns(session, campaigns, filters, among)
    if not chosen:
        return []
    if _is_lane(lane) and _unwanted(by, now) is None and not (filters.age or filters.more()):
        values = _values(chosen, now, after)
        return list(session.scalars(_plain_page(len(chosen), Lane(lane), after is not None, limit), values))
    return list(session.scalars(_page_of(_places(now, chosen, lane, by, filters, after, limit), limit)))


def _page_of(parts: Iterable[Select[Any]], limit: int) -> Select[Review]:
    """The items at these places, put together in order."""
    whole = union_all(*(select(part.subquery()) for part in parts)).subquery()
    places = select(whole.c.since, whole.c.id).order_by(whole.c.since, whole.c.id).limit(limit).subquery()
    query = select(Review).join(places, places.c.id == Review.id).order_by(places.c.since, places.c.id)
    return query.options(*WHOLE)


@lru_cache(maxsize=1000)
def _plain_page(campaigns: int, lane: Lane, paged: bool, limit: int) -> Select[Review]:
    """The page of a whole lane in so many campaigns, made once, to be asked for with `_values`.

    The rows of the lane tell all that is asked.
    """
    rows = ReviewLane.__table__.c
    now: Any = bindparam("now", type_=Utc)
    parts = []
    for place in range(campaigns):
        where = [rows.lane == lane, rows.campaign_id == bindparam(f"campaign_{place}"), rows.behind.is_(False)]
        where += [rows.waiting_since > now] if lane is Lane.PARKED else []
        parts.append(_shortly(where, rows.waiting_since, rows.review_id, paged, limit))
    if lane is Lane.ALL:
        those: Any = bindparam("campaigns", expanding=True)
        unchecked, back = _untaken(now, bindparam("unchecked_since", type_=Utc))
        review, returned = Review.__table__.c, [back, rows.campaign_id.in_(those), rows.behind.is_(False)]
        new = [unchecked, review.campaign_id.in_(those), review.behind.is_(False)]
        parts.append(_shortly(new, review.waiting_since, review.id, paged, limit))
        parts.append(_shortly(returned, rows.waiting_since, rows.review_id, paged, limit))
    return _page_of(parts, limit)


def _shortly(where: list[Any], key: Any, own_id: Any, paged: bool, limit: int) -> Select[Any]:
    if paged:
        after: Any = Position(bindparam("after", type_=Utc), bindparam("after_id", type_=BigInteger))  # type: ignore[arg-type]
        where = [*where, *_beyond(key, own_id, after)]
    return select(key.label("since"), own_id.label("id")).where(*where).order_by(key, own_id).limit(limit)


def _values(campaigns: Sequence[Campaign], now: datetime, after: Position | None) -> dict[str, Any]:
    values: dict[str, Any] = {f"campaign_{place}": campaign.id for place, campaign in enumerate(campaigns)}
    values |= {
        "campaigns": [campaign.id for campaign in campaigns],
        "now": now,
        "unchecked_since": now - UNCHECKED_AFTER,
    }
    return values | ({"after": after.waiting_since, "after_id": after.review_id} if after is not None else {})


def page_from(session: Session, review_id: int, *, lane: str = "all", limit: int = PAGE, **asked: Any) -> list[Review]:
    """The page that begins with this item, asked for as `page` is; empty where it does not stand there."""
    first = session.scalars(select(Review).where(Review.id == literal(review_id, BigInteger))).first()
    if first is None:
        return []
    here = position(first, lane)
    before = Position(here.waiting_since, here.review_id - 1)
    reviews = page(session, lane=lane, after=before, limit=limit, **asked)
    return reviews if reviews and reviews[0].id == review_id else []


def position(review: Review, lane: str) -> Position:
    """Where the item stands in this lane."""
    laid_aside = lane == Lane.PARKED and review.parked_until is not None
    return Position(review.parked_until if laid_aside and review.parked_until else review.waiting_since, review.id)


def _places(
    now: datetime,
    campaigns: Sequence[Campaign],
    lane: str,
    by: Moderator | None,
    filters: Filters,
    after: Position | None,
    limit: int,
) -> Iterator[Select[Any]]:
    """One short walk down an index for each campaign, and those to the few that no worker took up."""
    for campaign in campaigns:
        query, key = _source(now, [campaign.id], lane, by)
        yield _first(_narrowed(query, key, campaign.wait_target_minutes, filters, now), key, lane, after, limit)
    for target, ids in _by_target(campaigns, filters).items():
        for query, key in _untaken_in(now, ids, lane, by):
            yield _first(_narrowed(query, key, target, filters, now), key, lane, after, limit)


def _first(query: Select[Review], key: Any, lane: str, after: Position | None, limit: int) -> Select[Any]:
    """The first of these after a position, without those that a cluster's row stands for."""
    query = query.where(_in_front(key), *_beyond(key, Review.id, after))
    found = query.with_only_columns(key.label("since"), Review.id.label("id"))
    return found.order_by(key, _own_id(lane, key)).limit(limit)


def _beyond(key: Any, own_id: Any, after: Position | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    beyond = and_(key == after.waiting_since, own_id > after.review_id)
    return [key >= after.waiting_since, or_(key > after.waiting_since, beyond)]


def _by_target(campaigns: Sequence[Campaign], filters: Filters) -> dict[int, list[int]]:
    """The ids of campaigns by the minutes after which an item waits too long; all under 0 where no age is asked for."""
    found: dict[int, list[int]] = {}
    for campaign in campaigns:
        found.setdefault(campaign.wait_target_minutes if filters.age else 0, []).append(campaign.id)
    return found


def _in_front(key: Any) -> ColumnElement[bool]:
    """Without those that a cluster's row stands for, by the index that is walked."""
    return (ReviewLane if key is ReviewLane.waiting_since else Review).behind.is_(False)


def _own_id(lane: str, key: Any) -> Any:
    """The id beside the key in the same index."""
    return ReviewLane.review_id if key is ReviewLane.waiting_since else Review.id


def _campaigns(
    session: Session, campaigns: list[int] | None, filters: Filters, among: Sequence[Campaign] | None = None
) -> list[Campaign]:
    if among is not None:
        chosen = (each for each in among if filters.campaign in ("", each.slug))
        return sorted(chosen, key=lambda campaign: campaign.id)
    query = select(Campaign).order_by(Campaign.id)
    if campaigns is not None:
        query = query.where(Campaign.id.in_(campaigns))
    if filters.campaign:
        query = query.where(Campaign.slug == filters.campaign)
    return list(session.scalars(query))


def campaign_ids(
    session: Session, campaigns: list[int] | None, filters: Filters, among: Sequence[Campaign] | None = None
) -> list[int] | None:
    """The campaigns that are left when narrowed to one; none: all there are. `among` as for `page`."""
    if not filters.campaign:
        return campaigns
    return [campaign.id for campaign in _campaigns(session, campaigns, filters, among)]


def _sources(
    now: datetime, campaign_ids: list[int], lane: str, by: Moderator | None
) -> list[tuple[Select[Review], Any]]:
    """Where items of a lane stand, each with the moment that orders them."""
    return [_source(now, campaign_ids, lane, by), *_untaken_in(now, campaign_ids, lane, by)]


def _source(now: datetime, campaign_ids: list[int], lane: str, by: Moderator | None) -> tuple[Select[Review], Any]:
    return _waiting(now, campaign_ids, lane, by), (ReviewLane if _is_lane(lane) else Review).waiting_since


def _untaken_in(
    now: datetime, campaign_ids: list[int], lane: str, by: Moderator | None
) -> list[tuple[Select[Review], Any]]:
    """What shows among all that waits though no worker has taken it up."""
    if lane != Lane.ALL:
        return []
    unchecked, back = _untaken(now)
    unwanted = _unwanted(by, now)
    wanted = select(Review) if unwanted is None else select(Review).where(~unwanted)
    returned = wanted.join(ReviewLane, ReviewLane.review_id == Review.id)
    return [
        (wanted.where(_among(Review.campaign_id, campaign_ids), unchecked), Review.waiting_since),
        (returned.where(_among(ReviewLane.campaign_id, campaign_ids), back), ReviewLane.waiting_since),
    ]


def _unwanted(by: Moderator | None, now: datetime) -> ColumnElement[bool] | None:
    return care.unwanted(by, now) if by is not None else None


def _untaken(now: Any, since: Any = None) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What shows though no worker has taken it up: unchecked since too long ago, or laid aside until by now."""
    since = now - UNCHECKED_AFTER if since is None else since
    unchecked = and_(Review.state == State.RECEIVED, Review.waiting_since <= since, Review.parked_until.is_(None))
    laid_aside = and_(ReviewLane.lane == Lane.PARKED, ReviewLane.behind.is_(False))  # no row stands for it
    return unchecked, and_(laid_aside, ReviewLane.waiting_since <= now)


def _narrowed(query: Select[Review], key: Any, target: int, filters: Filters, now: datetime) -> Select[Review]:
    """`target`: the minutes after which an item waits too long."""
    if filters.age:
        since = key if key is ReviewLane.waiting_since else Review.waiting_since
        query = query.where(_aged(filters.age, since, target, now))
    return of_kind(query, filters)


def of_kind(query: Select[Review], filters: Filters) -> Select[Review]:
    """Only what is of the kind, language and theme that were asked for, whatever its campaign and age."""
    if filters.kind == CHANGE or filters.kind in set(Type):
        shown = Contribution.published_revision_id
        changes = and_(shown.is_not(None), shown != Review.revision_id)
        query = query.join(Contribution, Contribution.id == Review.contribution_id)
        query = query.where(changes if filters.kind == CHANGE else and_(Contribution.type == filters.kind, ~changes))
    if filters.lang or filters.theme or filters.kind in set(Kind):
        query = query.join(Revision, Revision.id == Review.revision_id)
    if filters.lang:
        query = query.where(Revision.lang == filters.lang)
    if filters.kind in set(Kind):
        query = query.where(Revision.kind == filters.kind)
    if filters.theme:
        query = query.join(Theme, Theme.id == Revision.theme_id).where(Theme.key == filters.theme)
    return query


def _aged(age: str, since: Any, target: int, now: datetime) -> ColumnElement[bool]:
    over, half = now - timedelta(minutes=target), now - timedelta(minutes=target) / 2
    if age == "over":
        return since <= over
    return and_(since > over, since <= half) if age == "half" else since > half


def aged(
    session: Session, query: Select[Any], filters: Filters, campaigns: list[int] | None, now: datetime
) -> Select[Any]:
    """Only what is of the age that was asked for, each against the target of its own campaign."""
    if not filters.age:
        return query
    each = [
        and_(
            Review.campaign_id == campaign.id,
            _aged(filters.age, Review.waiting_since, campaign.wait_target_minutes, now),
        )
        for campaign in _campaigns(session, campaigns, filters)
    ]
    return query.where(or_(false(), *each))


@dataclass(frozen=True)
class Lanes:
    """How many wait in each lane, exactly, and since when the oldest of them does."""

    counts: dict[str, int]
    oldest: dict[str, datetime]


def in_lanes(
    session: Session, values: Values, *, now: datetime, campaigns: list[int] | None, by: Moderator | None = None
) -> Callable[[], Lanes]:
    """Counted nowhere but for the few that no worker took up yet; the oldest is the first row of its index.

    Both in front of a cluster's row and behind it.
    """
    unchecked, back = _untaken(now)
    mine, hand = (_waiting(now, campaigns, lane, by) for lane in OWN)
    first = func.min(Review.waiting_since)
    asked = [
        values.ask(query)
        for query in (
            _counted(_in(select(ReviewLane.review_id).where(back), ReviewLane.campaign_id, campaigns)),
            _counted(_in(select(Review.id).where(unchecked), Review.campaign_id, campaigns)),
            _counted(mine.with_only_columns(Review.id)),
            _counted(hand.with_only_columns(Review.id)),
            mine.with_only_columns(first),
            _in(select(first).where(unchecked), Review.campaign_id, campaigns),
        )
    ]
    return lambda: _lanes(session.execute(_kept(campaigns)), *(answer() for answer in asked))


def _lanes(
    kept: Iterable[Any],
    returned: int,
    new: int,
    mine: int,
    hand: int,
    oldest_mine: datetime | None,
    oldest_new: datetime | None,
) -> Lanes:
    counts, oldest = dict.fromkeys([str(lane) for lane in Lane], 0), _Oldest()
    for name, value, *both in kept:
        counts[name.removeprefix(lanes.COUNTER)] += int(value)
        oldest.add(name.removeprefix(lanes.COUNTER), *both)
    counts |= {"mine": mine, "hand": hand}
    counts["all"] += returned + new
    counts["parked"] -= returned
    oldest.add("mine", oldest_mine)
    oldest.add("all", oldest_new)
    oldest.pop(Lane.PARKED, None)  # there the moment is that of coming back
    return Lanes(counts, oldest)


class _Oldest(dict[str, datetime]):
    """The earliest moment that was told of each lane."""

    def add(self, lane: str, *moments: datetime | None) -> None:
        for moment in moments:
            if moment is not None:
                self[lane] = min(moment, self.get(lane, moment))


def _kept(campaigns: list[int] | None) -> Select[Any]:
    """(counter, how many, the oldest in front, the oldest behind) of each lane of each campaign in which any wait."""
    in_front, behind = (
        select(func.min(ReviewLane.waiting_since))
        .where(
            ReviewLane.lane == func.substr(Counter.name, len(lanes.COUNTER) + 1),
            ReviewLane.campaign_id == Counter.campaign_id,
            ReviewLane.behind.is_(is_behind),
        )
        .correlate(Counter)
        .scalar_subquery()
        for is_behind in (False, True)
    )
    kept = select(Counter.name, Counter.value, in_front, behind)
    wanted: Any = kept.where(Counter.name.in_(_NAMES), Counter.day == EVERY_DAY, Counter.value > 0)
    return _in(wanted, Counter.campaign_id, campaigns)


def waiting_in(session: Session, campaigns: list[int]) -> dict[int, int]:
    """How many wait in each of these campaigns, as the counters tell."""
    kept = select(Counter.campaign_id, Counter.value).where(
        Counter.name == f"{lanes.COUNTER}{Lane.ALL}", Counter.day == EVERY_DAY, Counter.campaign_id.in_(campaigns)
    )
    return {campaign_id: int(value) for campaign_id, value in session.execute(kept)}


_NAMES = [f"{lanes.COUNTER}{lane}" for lane in Lane]
OWN = ("mine", "hand")  # lanes of a person's own, short enough to be counted


def _counted(query: Select[Any]) -> Select[Any]:
    """How many rows, as far as COUNTED."""
    return select(func.count()).select_from(query.limit(COUNTED).subquery())


def _in(query: Select[Any], campaign: Any, campaigns: list[int] | None) -> Select[Any]:
    return query if campaigns is None else query.where(campaign.in_(campaigns))


def how_many(
    session: Session,
    values: Values,
    *,
    now: datetime,
    campaigns: list[int] | None,
    lane: str,
    by: Moderator | None,
    filters: Filters,
    among: Sequence[Campaign] | None = None,
) -> Callable[[], int]:
    """How many a page like this would show in all, counted as far as COUNTED."""
    chosen = _campaigns(session, campaigns, filters, among)
    asked = [values.ask(_counted(query)) for query in _to_count(now, chosen, lane, by, filters)]
    return lambda: min(COUNTED, sum(answer() for answer in asked))


def _to_count(
    now: datetime, campaigns: Sequence[Campaign], lane: str, by: Moderator | None, filters: Filters
) -> Iterator[Select[Any]]:
    """What is to be counted, campaigns of one target together."""
    for target, ids in _by_target(campaigns, filters).items():
        for query, key in _sources(now, ids, lane, by):
            if key is ReviewLane.waiting_since:  # both said, so that their index is walked from the moment on
                query = query.where(ReviewLane.behind.in_((False, True)))
            yield _narrowed(query, key, target, filters, now).with_only_columns(Review.id)


def returned(now: datetime, campaigns: list[int] | None, by: Moderator, since: datetime) -> Select[Review]:
    """What was laid aside until some moment after `since` and no worker has put back yet; it shows among all."""
    query = select(Review).join(ReviewLane, ReviewLane.review_id == Review.id)
    query = query.where(_untaken(now)[1], ReviewLane.waiting_since > since, Review.behind.is_(False))
    unwanted = care.unwanted(by, now)
    if unwanted is not None:
        query = query.where(~unwanted)
    return query if campaigns is None else query.where(_among(ReviewLane.campaign_id, campaigns))


def standing(now: datetime, campaigns: list[int] | None, lane: str, by: Moderator) -> Select[Review]:
    """What a lane shows to `by`, in no order."""
    key = (ReviewLane if _is_lane(lane) else Review).waiting_since
    return _waiting(now, campaigns, lane, by).where(_in_front(key))


def next_free(
    session: Session,
    *,
    now: datetime,
    campaigns: list[int] | None,
    lane: str,
    by: Moderator,
    limit: int,
    filters: Filters = NONE,
) -> list[int]:
    """The oldest of a narrowed lane that nobody has open, was asked for, or has decided before; locked until the end.

    Rows that somebody else is locking at this moment are passed over, so that two who ask at once get different ones.
    """
    key = (ReviewLane if _is_lane(lane) else Review).waiting_since
    before = select(Decision.id).where(Decision.review_id == Review.id, Decision.moderator_id == by.id)
    shown = of_kind(standing(now, campaign_ids(session, campaigns, filters), lane, by), filters)
    shown = aged(session, shown, filters, campaigns, now)
    query = (
        shown.where(
            claims.free(now),
            Review.passed_to_id.is_(None),
            ~before.exists(),
        )
        .with_only_columns(Review.id)
        .order_by(key, Review.id)
        .limit(limit)
        .with_for_update(of=Review, skip_locked=True, key_share=True)
    )
    return list(session.scalars(query))


def _is_lane(lane: str) -> bool:
    return lane in set(Lane)


def left_out(
    values: Values, *, now: datetime, campaigns: list[int] | None, lane: str = "all", by: Moderator
) -> Callable[[], int]:
    """How many of a lane this person has asked not to read, up to 1,000."""
    unwanted = care.unwanted(by, now)
    if unwanted is None or lane == MINE:
        return lambda: 0
    query = _waiting(now, campaigns, lane, by, whole=True).where(unwanted)
    return values.ask(_counted(query.with_only_columns(Review.id)))


def _waiting(
    now: datetime, campaigns: list[int] | None, lane: str, by: Moderator | None, *, whole: bool = False
) -> Select[Review]:
    """What stands in the lane: of the named ones their rows, of a person's own what was passed or handed to them.

    What `by` has asked not to read is left out, unless `whole`; not what a colleague has passed to `by`: nobody else
    would look for it there.
    """
    query = select(Review)
    unwanted = None if by is None or whole or lane == MINE else care.unwanted(by, now)
    if unwanted is not None:
        query = query.where(~unwanted)
    if _is_lane(lane):
        query = query.join(ReviewLane, ReviewLane.review_id == Review.id).where(ReviewLane.lane == lane)
        if campaigns is not None:
            query = query.where(_among(ReviewLane.campaign_id, campaigns))
        return query.where(ReviewLane.waiting_since > now) if lane == Lane.PARKED else query
    query = query.where(_visible(now), or_(Review.parked_until.is_(None), Review.parked_until <= now))
    if campaigns is not None:
        query = query.where(_among(Review.campaign_id, campaigns))
    if lane == MINE:
        query = query.where(Review.passed_to_id == (by.id if by else None))
    if lane == "hand":
        query = query.where(claims.handed_to(by, now) if by else false())
    return query


def _among(column: Any, campaigns: list[int]) -> ColumnElement[bool]:
    """One campaign is asked for by itself, so that its part of an index is walked in order."""
    return column == campaigns[0] if len(campaigns) == 1 else column.in_(campaigns)


def _visible(now: datetime) -> ColumnElement[bool]:
    return or_(
        Review.state == State.WAITING,
        and_(Review.state == State.RECEIVED, Review.waiting_since <= now - UNCHECKED_AFTER),
    )


def bring_back(session: Session, now: datetime) -> int:
    """What was laid aside until by now stands in its lanes again; answers how many, a few at a time."""
    due = lanes.returning(session, now, BACK_AT_ONCE)
    reviews = [decisions.locked(session, review_id) for review_id in sorted(due)]  # all before any counter
    for review in reviews:
        if review.parked_until is not None and review.parked_until <= now:
            put_back(session, review, None, now)
    return len(due)


def ask_again(session: Session, now: datetime, settings: Settings) -> int:
    """Reported words that still stand, whose author was asked for a change and sent none, wait for a person again.

    Answers how many, a few at a time.
    """
    asked_since = select(Decision.id).where(Decision.review_id == Review.id, Decision.decided_at > now - AUTHOR_HAS)
    due = session.scalars(
        select(Review.id)
        .join(Contribution, Contribution.id == Review.contribution_id)
        .join(Report, Report.contribution_id == Contribution.id)
        .where(
            Report.closed_by_id.is_(None),
            Review.state == State.REVISE,
            Review.revision_id == Contribution.published_revision_id,
            ~asked_since.exists(),
        )
        .distinct()
        .limit(BACK_AT_ONCE)
    ).all()
    reviews = [decisions.locked(session, review_id) for review_id in sorted(due)]
    for review in reviews:
        if review.state is State.REVISE:
            decisions.decide(
                session, review.id, Move.REOPEN, by=None, version=review.version, now=now, settings=settings
            )
    return len(reviews)


def put_back(session: Session, review: Review, by: Moderator | None, now: datetime) -> None:
    """The item, which is locked, is laid aside no more: it stands in its lanes and with its like, and lists hear of it."""
    review.parked_until = None
    lanes.put_in(session, review)
    clusters.come_back(session, review)
    _is_back(session, review, by, now)


def _is_back(session: Session, review: Review, by: Moderator | None, now: datetime, act: str = BACK) -> None:
    """The record tells that it is no longer laid aside, so that lists that are open hear of it."""
    subject = f"review:{review.id}"
    record.add(session, record.actor(by), act, subject, campaign_id=review.campaign_id, now=now)


def place_of(session: Session, review: Review) -> int | None:
    """How many wait that came no later than this item, counting itself; from 1, and 1,000 at most.

    Told for whatever stands as waiting to its author, so that a place missing does not tell of spam.
    """
    before = (
        select(Review.id)
        .where(
            Review.campaign_id == review.campaign_id,
            Review.state.in_((State.RECEIVED, State.WAITING)),
            or_(
                Review.waiting_since < review.waiting_since,
                and_(Review.waiting_since == review.waiting_since, Review.id <= review.id),
            ),
        )
        .limit(1000)
    )
    return session.scalar(select(func.count()).select_from(before.subquery()))


def usual_wait_minutes(session: Session, campaign_id: int) -> int | None:
    """The median wait of the last 50 items that a person decided here; fewer than five: nobody can say."""
    recent = session.execute(
        select(Decision.decided_at, Review.waiting_since)
        .join(Review, Review.id == Decision.review_id)
        .where(
            Review.campaign_id == campaign_id, Decision.moderator_id.is_not(None), Decision.from_state == State.WAITING
        )
        .order_by(Decision.id.desc())
        .limit(50)
    ).all()
    waits = sorted((decided - since).total_seconds() / 60 for decided, since in recent)
    return round(waits[len(waits) // 2]) if len(waits) >= 5 else None


PARKED = timedelta(hours=24)


class NotForThem(MoveNotAllowed):
    """Whoever it was to be passed to may not decide it."""

    def __init__(self) -> None:
        super().__init__("pass")


def _not_barred(session: Session, review: Review, by: Moderator) -> None:
    """Whoever an appeal is against does not put it off either."""
    if decisions.barred(session, review, by) == decisions.APPEAL:
        raise MoveNotAllowed("an appeal is for somebody else")


def _pressed_twice(session: Session, review: Review, by: Moderator, act: str, version: int, now: datetime) -> bool:
    """Whether `by` has just done this to the item, and it stands: a button pressed twice is told in one line."""
    if decisions.locked(session, review.id).version != version:
        return False
    last = last_mark(session, review)
    return (
        last is not None
        and (last.act, last.actor, last.after) == (act, record.actor(by), _marks_of(review))
        and now - last.at <= TWICE
    )


def last_mark(session: Session, review: Review) -> Line | None:
    "What was last told of its being laid aside, passed on or put back."
    marks = select(Line).where(Line.subject == f"review:{review.id}", Line.act.in_((*MARKS, *BACKS)))
    return session.scalars(marks.order_by(Line.id.desc()).limit(1)).first()


def laid_aside(review: Review, now: datetime) -> bool:
    """Whether it waits, but not yet."""
    return review.state in WAITS and review.parked_until is not None and review.parked_until > now


def park(session: Session, review: Review, *, version: int, by: Moderator, now: datetime) -> None:
    """The item is laid aside until tomorrow; its state and version stay.

    Raises Overtaken, and MoveNotAllowed where it is laid aside already.
    """
    claims.require_free(review, by, now)
    _not_barred(session, review, by)
    if _pressed_twice(session, review, by, PARK, version, now):
        return
    if laid_aside(review, now):
        raise MoveNotAllowed(PARK)
    _mark(session, review, by, PARK, version, {"parked_until": now + PARKED}, now)


def hand_over(
    session: Session, review: Review, *, version: int, by: Moderator, to: Moderator | None, note: str, now: datetime
) -> None:
    """A colleague is asked to look at it (none named: whoever comes next).

    Raises Overtaken; NotForThem where that colleague may not decide it either.
    """
    claims.require_free(review, by, now)
    _not_barred(session, review, by)
    if to is not None and decisions.barred(session, review, to):
        raise NotForThem
    if review.passed_to_id == (to.id if to else None) and _pressed_twice(session, review, by, PASS, version, now):
        notes.add_once(session, review, by, note, now)
        return
    if laid_aside(review, now):
        _is_back(session, review, by, now)
    _mark(session, review, by, PASS, version, {"passed_to_id": to.id if to else None, "parked_until": None}, now)
    if note:
        notes.add(session, review, by, note, now)


def undo_mark(
    session: Session, review: Review, *, version: int, by: Moderator, now: datetime, settings: Settings
) -> None:
    """What `by` has just laid aside or passed on stands as before; a note that went with it stays theirs.

    Raises Overtaken where it was decided since, MoveNotAllowed where there is nothing to undo (any more).
    """
    if decisions.locked(session, review.id).version != version:
        raise decisions.Overtaken(decisions.last_decision(session, review))
    claims.require_free(review, by, now)
    _not_barred(session, review, by)
    mark = undoable_mark(session, review, by, now, settings)
    if mark is None:
        raise MoveNotAllowed(UNMARK)
    until = mark.before.get("until")
    review.passed_to_id = mark.before.get("to")
    review.parked_until = datetime.fromisoformat(until) if until else None
    lanes.put_in(session, review)
    clusters.come_back(session, review)
    _is_back(session, review, by, now, UNMARK)


def undoable_mark(session: Session, review: Review, by: Moderator, now: datetime, settings: Settings) -> Line | None:
    """The line of the record by which `by` laid this item aside or passed it on, while that can be undone."""
    last = last_mark(session, review)
    return last if is_undoable(last, review, by, now, settings) else None


def is_undoable(last: Line | None, review: Review, by: Moderator, now: datetime, settings: Settings) -> bool:
    """Whether this newest mark of the item is `by`'s and can be undone."""
    if last is None or last.act in BACKS or last.actor != record.actor(by):
        return False
    stands = review.state in WAITS and last.after == _marks_of(review)
    return stands and now - last.at <= timedelta(seconds=settings.undo_seconds)


def _mark(
    session: Session,
    review: Review,
    by: Moderator,
    act: str,
    version: int,
    values: dict[str, Any],
    now: datetime,
) -> None:
    before = _marks_of(decisions.locked(session, review.id))
    changed = session.execute(
        update(Review)
        .where(Review.id == review.id, Review.version == version, Review.state.in_((State.RECEIVED, State.WAITING)))
        .values(**values, **claims.NOBODY)
        .execution_options(synchronize_session=False)
    )
    if rows_of(changed) != 1:
        raise decisions.Overtaken(decisions.last_decision(session, review))
    session.refresh(review)
    lanes.put_in(session, review)
    clusters.stand_alone(session, review)
    record.add(
        session,
        record.actor(by),
        act,
        f"review:{review.id}",
        before=before,
        after=_marks_of(review),
        campaign_id=review.campaign_id,
        now=now,
    )


def _marks_of(review: Review) -> dict[str, Any]:
    """To whom it is passed, and until when it is laid aside."""
    return {"to": review.passed_to_id, "until": review.parked_until.isoformat() if review.parked_until else None}
