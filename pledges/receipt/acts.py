"""What an author may do with what they gave: take it back, put it back, have it erased, hide their name."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from pledges.campaigns import event_codes, versions
from pledges.errors import NotNow, NotYours
from pledges.intake.consents import keep_consent
from pledges.intake.door import ReviewDesk
from pledges.intake.forms.base import permitted_levels
from pledges.models import NAME_HIDDEN, Consent, Contribution, Kind, ShowName, Step, Type
from pledges.models.turns import hold
from pledges.organisations import badges, logos, matters, naming
from pledges.search import index
from pledges.search import wall as wall_index
from pledges.settings import settings
from pledges.tokens import hash_token, receipt_token
from pledges.wall import pieces, publishing, steps

GRACE = timedelta(minutes=10)  # in which an act that comes twice, by a double press or a lost answer, is answered alike


def withdraw(session: Session, contribution: Contribution, desk: ReviewDesk, now: datetime) -> None:
    """The words, and what stands under them, are gone from every page; they can be put back for some days."""
    hold(session, contribution)  # a decision may have been made since it was read
    if contribution.withdrawn_at is not None:
        return
    publishing.hide(session, contribution, now)
    contribution.withdrawn_at = now
    desk.withdrawn(session, contribution, now)


def restore_until(contribution: Contribution) -> datetime | None:
    """Until when the author can put it back."""
    if contribution.withdrawn_at is None:
        return None
    return contribution.withdrawn_at + timedelta(days=settings().withdrawn_kept_days)


def restore(session: Session, contribution: Contribution, desk: ReviewDesk, now: datetime) -> None:
    """It waits for a person again, or stands declined as before; raises NotNow where it was not withdrawn, or too long ago, or was erased."""
    hold(session, contribution)
    until = restore_until(contribution)
    if until is None or now >= until or contribution.erased_at is not None:
        raise NotNow
    contribution.withdrawn_at = None
    keep_consent(session, contribution, "restore", _("Put it back"), now)
    desk.restored(session, contribution, now)


def erase(session: Session, contribution: Contribution, desk: ReviewDesk, now: datetime) -> None:
    """Words, names, salt and address are gone for good; an empty row stays, so that what points to it still stands."""
    hold(session, contribution)
    if contribution.erased_at is not None:
        raise NotYours
    _erase_told(session, contribution, desk, now)
    publishing.hide(session, contribution, now)
    desk.erased(session, contribution, now)
    index.forget(session, [revision.id for revision in contribution.revisions])
    wall_index.forget(session)
    names = {revision.organisation for revision in contribution.revisions}
    for revision in contribution.revisions:
        revision.words = revision.how_we_will_know = revision.link = revision.salt = ""
        revision.name = revision.first_name = revision.role = revision.organisation = revision.website = ""
        revision.by_when, revision.repeat_key, revision.actions = None, None, []
        revision.show_name = ShowName.ANONYMOUS
        revision.erased_at = now
    if contribution.contact is not None:
        session.delete(contribution.contact)
    logos.forget(session, contribution, now)
    matters.forget(session, contribution)
    badges.end_without_people(session, contribution, now)
    naming.leave(session, contribution, names)
    contribution.asked_at = None
    contribution.form_digest = None  # the hash of the link stays and opens nothing, see `erased_lately`
    contribution.show_name, contribution.name_lessened_at = ShowName.ANONYMOUS, None
    contribution.withdrawn_at = contribution.withdrawn_at or now
    contribution.erased_at = now


def _erase_told(session: Session, contribution: Contribution, desk: ReviewDesk, now: datetime) -> None:
    """What its author told of how it goes, and said under it from the private page, is gone with it."""
    if contribution.type not in (Type.PLEDGE, Type.ANSWER):
        return
    told = or_(Contribution.type == Type.UPDATE, Contribution.by_author.is_(True))
    theirs = select(Contribution).where(Contribution.parent_id == contribution.id, told)
    for each in session.scalars(theirs.where(Contribution.erased_at.is_(None)).order_by(Contribution.id)).all():
        erase(session, each, desk, now)
    if contribution.type is not Type.PLEDGE:
        return
    session.execute(delete(Step).where(Step.pledge_id == contribution.id))
    steps.follow(session, contribution, now, told=False)  # that the promise is removed is told


def less_of(contribution: Contribution) -> list[ShowName]:
    """The levels that show less of the name than is shown now, or would be with the words that wait; none: no name is."""
    most = min(contribution.show_name, contribution.latest.level, key=lambda level: level.place)
    permitted = permitted_levels(contribution.campaign)
    return [each for each in pieces.less_than(contribution.latest, most) if each in permitted]


def show_less(session: Session, contribution: Contribution, level: ShowName, text: str, now: datetime) -> None:
    """No more of the name than this is shown from now on, also when words sent before are approved later; `text` stood on the button.

    Raises NotNow where that would be more than now.
    """
    hold(session, contribution)
    if level is not ShowName.ANONYMOUS and level not in less_of(contribution):
        if level in (contribution.show_name, contribution.latest.level):
            return  # pressed twice
        raise NotNow
    publishing.show_less(session, contribution, level, now)
    purpose = NAME_HIDDEN if level is ShowName.ANONYMOUS else f"name_{level}"
    keep_consent(session, contribution, purpose, text, now)


def close_comments(session: Session, contribution: Contribution, closed: bool, now: datetime) -> None:
    """Nobody can comment on it from now on, or everybody again; what is there stays. Raises NotNow for what takes none."""
    hold(session, contribution)
    if contribution.type not in (Type.PLEDGE, Type.ANSWER):
        raise NotNow
    contribution.comments_closed_at = (contribution.comments_closed_at or now) if closed else None
    versions.touch(session, contribution.campaign_id)


def may_invite_colleagues(contribution: Contribution) -> bool:
    """Whether it is a promise that stands under an organisation's name, of somebody whose address is proved."""
    contact = contribution.contact
    stands = contribution.shown_at is not None and contribution.show_name is not ShowName.ANONYMOUS
    organised = contribution.type is Type.PLEDGE and contribution.kind is Kind.ORGANISATION
    return organised and stands and contact is not None and contact.proved_at is not None


def staff_link(session: Session, contribution: Contribution, wanted: bool, now: datetime) -> None:
    """There is a link for the organisation's colleagues, or none any more; raises NotNow for what is no organisation's."""
    hold(session, contribution)
    if not may_invite_colleagues(contribution):
        raise NotNow
    if wanted:
        event_codes.make_staff_link(session, contribution, settings(), now)
    elif (standing := event_codes.staff_link_of(session, contribution, now)) is not None:
        standing.ended_at = now


def appeal(session: Session, contribution: Contribution, desk: ReviewDesk, now: datetime) -> None:
    """Another moderator looks again; raises NotNow where no appeal is open."""
    keep_consent(session, contribution, "appeal", _("Ask a second moderator"), now)
    desk.appealed(session, contribution, now)


def new_link(session: Session, contribution: Contribution, now: datetime) -> str:
    """The token of a fresh link; every older link opens nothing."""
    keep_consent(session, contribution, "new_link", _("Get a new link"), now)
    contribution.receipt_number += 1
    token = receipt_token(contribution.id, contribution.receipt_number)
    contribution.receipt_hash = hash_token(token)
    session.flush()
    return token


def asked_lately(session: Session, contribution: Contribution, act: str, now: datetime) -> bool:
    """Whether the author has done this a moment ago, so that it comes for the second time."""
    same = (Consent.contribution_id == contribution.id, Consent.purpose == act, Consent.given_at > now - GRACE)
    return session.scalars(select(Consent.id).where(*same).limit(1)).first() is not None


def erased_lately(session: Session, token: str, now: datetime) -> Contribution | None:
    """What was erased by this link a moment ago."""
    same = (Contribution.receipt_hash == hash_token(token), Contribution.erased_at > now - GRACE)
    return session.scalars(select(Contribution).where(*same)).first()
