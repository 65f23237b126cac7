"""Who may do what: one table that buttons, posts and tests all ask."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from .models import Membership, Moderator, Role
from .workflow import Move

ROLE_NAMES: dict[Role, Any] = {
    Role.VIEWER: lazy_gettext("Viewer"),
    Role.MODERATOR: lazy_gettext("Moderator"),
    Role.LEAD: lazy_gettext("Lead"),
    Role.OWNER: lazy_gettext("Owner"),
}


class Act(StrEnum):
    LOOK = "look"  # read the queue, items and figures
    DECIDE = "decide"
    TAKE_DOWN = "take_down"
    FIND_AUTHORS = "find_authors"  # by the whole of an email address, from a letter in hand
    START_SURGE = "start_surge"
    END_SURGE = "end_surge"
    TELL_EXPECTED = "tell_expected"  # of a day on which much will arrive
    SEE_RECORD = "see_record"
    EDIT_RULES = "edit_rules"  # reasons, house rules and word lists
    EMBED = "embed"  # see how other sites show the wall, and which do
    INVITE = "invite"  # and all else about people: leaving, sessions, a lost second factor
    CONNECT = "connect"  # other programs: keys of partners, and where webhooks go
    EDIT_CAMPAIGN = "edit_campaign"


MAY: dict[Role, frozenset[Act]] = {
    Role.VIEWER: frozenset({Act.LOOK}),
    Role.MODERATOR: frozenset({Act.LOOK, Act.DECIDE, Act.TAKE_DOWN, Act.FIND_AUTHORS, Act.START_SURGE}),
    Role.LEAD: frozenset(Act) - {Act.EDIT_CAMPAIGN},
    Role.OWNER: frozenset(Act),
}
INVITES: dict[Role, frozenset[Role]] = {  # nobody hands out more than they hold
    Role.LEAD: frozenset({Role.VIEWER, Role.MODERATOR}),
    Role.OWNER: frozenset(Role),
}
FOR_MOVE: dict[Move, Act] = {
    Move.APPROVE: Act.DECIDE,
    Move.REJECT: Act.DECIDE,
    Move.REVISE: Act.DECIDE,
    Move.MARK_SPAM: Act.DECIDE,
    Move.REOPEN: Act.DECIDE,
    Move.PROPOSE: Act.DECIDE,
    Move.UNDO: Act.DECIDE,
}


class NotAllowed(Exception):
    """The role does not allow this act: 403."""


def roles(session: Session, moderator: Moderator) -> dict[int | None, Role]:
    """The roles that are held now, by campaign; the key none is for all campaigns."""
    rows = session.execute(
        select(Membership.campaign_id, Membership.role).where(
            Membership.moderator_id == moderator.id, Membership.ended_at.is_(None)
        )
    )
    held: dict[int | None, Role] = {}
    for campaign_id, role in rows:  # of two roles in one campaign the one that may do more
        if campaign_id not in held or len(MAY[role]) > len(MAY[held[campaign_id]]):
            held[campaign_id] = role
    return held


def may(held: dict[int | None, Role], act: Act, campaign_id: int) -> bool:
    """Whether these roles allow `act` in this campaign."""
    return any(act in MAY[role] for where, role in held.items() if where in (None, campaign_id))


def campaigns(held: dict[int | None, Role], act: Act) -> list[int] | None:
    """The campaigns in which `act` is allowed; none = all of them."""
    where = [campaign_id for campaign_id, role in held.items() if act in MAY[role]]
    return None if None in where else [campaign_id for campaign_id in where if campaign_id is not None]


def require(held: dict[int | None, Role], act: Act, campaign_id: int) -> None:
    if not may(held, act, campaign_id):
        raise NotAllowed(act)


def deciding(session: Session, campaign_id: int) -> list[tuple[Moderator, Role]]:
    """Who may decide in this campaign, by name, each with one role."""
    rows = session.execute(
        select(Moderator, Membership.role)
        .join(Membership, Membership.moderator_id == Moderator.id)
        .where(
            Membership.ended_at.is_(None),
            Membership.role.in_([role for role, acts in MAY.items() if Act.DECIDE in acts]),
            (Membership.campaign_id == campaign_id) | Membership.campaign_id.is_(None),
            Moderator.left_at.is_(None),
        )
        .order_by(Moderator.name, Moderator.id)
    )
    return [(moderator, role) for moderator, role in {row[0].id: (row[0], row[1]) for row in rows}.values()]


def may_invite(held: dict[int | None, Role], role: Role, campaign_id: int | None) -> bool:
    """Whether these roles may invite somebody as `role` to this campaign (none: to all)."""
    return any(role in INVITES.get(own, frozenset()) for where, own in held.items() if where in (None, campaign_id))


def may_hand_out(held: dict[int | None, Role], campaign_id: int | None) -> list[Role]:
    """The roles that these may invite somebody as, in this campaign (none: in all)."""
    return [role for role in Role if may_invite(held, role, campaign_id)]


def may_manage(held: dict[int | None, Role], theirs: dict[int | None, Role]) -> bool:
    """Whether these roles may end another's sessions or renew a lost factor: nobody reaches above themselves.

    Whoever renews sees the link that sets a new password, so each role of the other must be one they could hand out.
    """
    return bool(theirs) and all(may_invite(held, role, campaign_id) for campaign_id, role in theirs.items())
