"""The only writer of what is shown: published_revision, published_at, shown_at and hidden_at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.campaigns.versions import talk, touch
from pledges.errors import WordsChanged
from pledges.figures import counters
from pledges.models import Consent, Contribution, Kind, NameLimit, Revision, ShowName, Type
from pledges.organisations import badges, facts, naming, places
from pledges.revisions import digest_of
from pledges.updates import asking
from pledges.webhooks import owing

from . import indexing, steps

PUBLIC = "public"  # the consent without which nothing is shown


def publish(session: Session, revision: Revision, now: datetime) -> None:
    """Exactly these words are shown. Raises WordsChanged where they are not what was sent."""
    contribution = revision.contribution
    if revision.erased_at or digest_of(revision) != revision.digest:
        raise WordsChanged(f"revision {revision.id} does not match its digest")
    if contribution.type is Type.UPDATE and steps.is_off(session, contribution):
        return  # the answer that they came with was taken off, and they with it
    shown_before = contribution.published_revision_id
    organisation_id = _organisation(session, revision, now)  # held before the campaign, as by whoever merges two
    if contribution.organisation_id != organisation_id:
        badges.end_without_people(session, contribution, now)
    facts.bring(session, contribution, organisation_id, now)
    _take_down(session, contribution)
    consent_id = session.scalars(
        select(Consent.id).where(
            Consent.contribution_id == contribution.id, Consent.purpose == PUBLIC, Consent.withdrawn_at.is_(None)
        )
    ).first()
    session.expire(contribution, ["name_limits"])  # one may have come since they were read
    show_name = revision.level
    # nothing is asked of the database between the next lines: half of them alone would break a constraint
    contribution.consent_id = consent_id
    contribution.changed_at = now if _is_changed(contribution, revision) else contribution.changed_at
    contribution.published_revision_id = revision.id
    contribution.kind, contribution.lang = revision.kind, revision.lang
    contribution.theme_id, contribution.audience_id = revision.theme_id, revision.audience_id
    contribution.show_name = show_name
    if contribution.organisation_id != organisation_id:
        badges.leave(contribution)
    contribution.organisation_id = organisation_id
    contribution.published_at = contribution.published_at or now
    contribution.shown_at = contribution.published_at
    contribution.hidden_at = None
    _put_up(session, contribution)
    if contribution.type is not Type.UPDATE and shown_before != revision.id:
        owing.owe(session, contribution, owing.CHANGED if shown_before else owing.APPROVED, now)
    _follow(session, contribution, now)


def _is_changed(contribution: Contribution, revision: Revision) -> bool:
    """Whether readers have seen other words than these, which were not shown before."""
    if contribution.published_revision_id is not None:
        return contribution.published_revision_id != revision.id
    shown_since = contribution.changed_at or contribution.published_at  # hidden meanwhile: newer words are other words
    return shown_since is not None and revision.submitted_at > shown_since


def hide(session: Session, contribution: Contribution, now: datetime) -> None:
    """Nothing of the contribution is shown; what stands under it goes with it, since its page is gone."""
    if contribution.published_revision_id is None:
        return
    _take_down(session, contribution)
    contribution.published_revision_id = None
    contribution.shown_at = None
    contribution.hidden_at = now
    session.flush()
    if contribution.type is not Type.UPDATE:
        owing.owe(session, contribution, owing.REMOVED, now)
    _follow(session, contribution, now)


def _follow(session: Session, contribution: Contribution, now: datetime) -> None:
    """An update moves what its promise says of how it goes; of a promise, its author is asked when it has stood a while."""
    if contribution.type is Type.UPDATE and contribution.parent is not None:
        steps.follow_words(session, contribution, contribution.parent, now)
    elif contribution.type is Type.PLEDGE:
        asking.plan(session, contribution, now)


def _take_down(session: Session, contribution: Contribution) -> None:
    if contribution.shown_at is not None:
        _count(session, contribution, -1)


def _put_up(session: Session, contribution: Contribution) -> None:
    session.flush()
    _count(session, contribution, +1)


def _count(session: Session, contribution: Contribution, change: int) -> None:
    """The wall's version, what is found there and the counters follow, in the same transaction.

    The version first: it holds the campaign's row, so that two who publish at once do so one after the other.
    """
    if contribution.type is Type.COMMENT:
        session.execute(
            update(Contribution)
            .where(Contribution.id == contribution.parent_id)
            .values(comments_shown=Contribution.comments_shown + change)
            .execution_options(synchronize_session=False)
        )
        parent = contribution.parent
        if parent is not None:
            session.expire(parent, ["comments_shown"])
            talk(session, contribution.campaign_id, parent.id)
        return
    if contribution.type is Type.UPDATE:
        return  # its promise is touched, see `_follow`
    touch(session, contribution.campaign_id)
    if change > 0 and contribution.wall_place is None and contribution.published_at is not None:
        moment = indexing.moment_of(session, contribution, contribution.published_at)
        contribution.published_at = contribution.shown_at = moment
    places.moved(session, contribution, change)
    if change > 0:
        indexing.put(session, contribution)
    else:
        indexing.remove(session, contribution)
    _inspired(session, contribution, change)
    for name, day in counters.names_of(contribution):
        counters.add(session, contribution.campaign_id, name, change, day)


def keep_from_search_engines(session: Session, contribution: Contribution) -> None:
    """Its page asks them to stay away from now on."""
    contribution.findable = False
    touch(session, contribution.campaign_id)


def _inspired(session: Session, pledge: Contribution, change: int) -> None:
    """The promise that this one began from tells how many did."""
    if pledge.type is Type.PLEDGE and pledge.inspired_by_id is not None and not pledge.example:
        session.execute(
            update(Contribution)
            .where(Contribution.id == pledge.inspired_by_id)
            .values(inspired_shown=Contribution.inspired_shown + change)
            .execution_options(synchronize_session=False)
        )


def show_less(
    session: Session, contribution: Contribution, level: ShowName, now: datetime, *, by_author: bool = True
) -> None:
    """No more of the author's name than this is shown from now on, nobody finds the words by the rest, and no older words bring it back."""
    touch(session, contribution.campaign_id)
    session.add(NameLimit(contribution_id=contribution.id, level=level, by_author=by_author, since=now))
    session.flush()
    session.expire(contribution, ["name_limits"])
    if level.place < contribution.show_name.place:
        return  # newer words that wait said more than those that are shown
    if level is ShowName.ANONYMOUS:
        places.moved(session, contribution, -1)
    if level is not contribution.show_name:
        contribution.show_name, contribution.name_lessened_at = level, now
    session.flush()
    if contribution.shown_at is not None:
        indexing.put(session, contribution)
        owing.owe(session, contribution, owing.CHANGED, now)


def _organisation(session: Session, revision: Revision, now: datetime) -> int | None:
    """The organisation that these words name; made known when its first words are shown."""
    name = revision.organisation.strip()
    if not name or revision.kind is not Kind.ORGANISATION:
        return None
    return naming.attach(session, revision.contribution, naming.known(session, name, now))
