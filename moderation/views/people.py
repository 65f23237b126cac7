"""Who works at the desk: members, invitations, joining."""

from __future__ import annotations

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_security import login_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.jobs import queue
from moderation.models import Invitation, Membership, Moderator, Role
from moderation.people import memberships, passwords, proving, sign_in
from moderation.permissions import Act, NotAllowed
from pledges.db import reading, transaction, utcnow
from pledges.limits.counting import limits_of
from pledges.limits.rules import Kind, Places
from pledges.models import Campaign
from pledges.settings import settings
from pledges.text import clean
from pledges.web.language import page_lang

from . import filters
from .base import campaign_named, desk, for_staff


@desk.get("/people")
@for_staff
def show_people(me: Moderator) -> ResponseReturnValue:
    return _people(me)


@desk.post("/people")
@for_staff
def invite(me: Moderator) -> ResponseReturnValue:
    """The link is shown once, to whoever invites; it is never mailed by us."""
    form, now = request.form, utcnow()
    try:
        role = Role(form.get("role", ""))
    except ValueError:
        return _people(me, problem=gettext("Choose a role.")), 422
    with transaction() as session:
        held = permissions.roles(session, me)
        slug = form.get("campaign", "")
        campaign = campaign_named(session, slug)
        if slug and campaign is None:  # nothing chosen is all campaigns; one that is none is a mistake
            return _people(me, problem=gettext("There is no such campaign. Choose one of the list.")), 422
        if not permissions.may_invite(held, role, campaign.id if campaign else None):
            raise NotAllowed(Act.INVITE)
        try:
            link = memberships.invite(session, form.get("email", ""), role, campaign.id if campaign else None, me, now)
        except ValueError:
            return _people(me, problem=gettext("Enter an email address like name@example.org.")), 422
    return _people(me, link=settings().base_url + link)


@desk.get("/people/<int:moderator_id>")
@for_staff
def show_person(moderator_id: int, me: Moderator) -> ResponseReturnValue:
    person, _held, _theirs = _person_or_404(reading(), moderator_id, me)
    return _person(me, person)


@desk.post("/people/<int:moderator_id>/renew")
@for_staff
def renew(moderator_id: int, me: Moderator) -> ResponseReturnValue:
    """Somebody lost password or second factor; the link that sets new ones is shown once, to who asked for it."""
    with transaction() as session:
        person = _managed(session, moderator_id, me)
        link = memberships.renew(session, person, me, utcnow())
    return _person(me, person, link=settings().base_url + link)


@desk.post("/people/<int:moderator_id>/sign-out")
@for_staff
def end_sessions(moderator_id: int, me: Moderator) -> ResponseReturnValue:
    """Every session of this person ends."""
    now = utcnow()
    with transaction() as session:
        person = _managed(session, moderator_id, me)
        for row in sign_in.sessions(session, person, now):
            sign_in.end_session(session, row, me, now)
    return redirect(url_for("desk.show_person", moderator_id=moderator_id), code=303)


@desk.post("/people/roles/<int:membership_id>/end")
@for_staff
def end_role(membership_id: int, me: Moderator) -> ResponseReturnValue:
    """The role ends; who holds no other has left the desk."""
    with transaction() as session:
        memberships.lock_owners(session)
        membership = session.get(Membership, membership_id, with_for_update=True, populate_existing=True)
        if membership is None or membership.ended_at is not None:
            abort(404)
        held = permissions.roles(session, me)
        if not permissions.may_invite(held, membership.role, membership.campaign_id):
            raise NotAllowed(Act.INVITE)
        if memberships.last_owner(session, membership):
            return _people(
                me, problem=gettext("The last owner of all campaigns cannot leave. Invite another first.")
            ), 422
        memberships.end_role(session, membership, me, utcnow())
    return redirect(url_for("desk.show_people"), code=303)


@desk.get("/sessions")
@for_staff
def show_sessions(me: Moderator) -> ResponseReturnValue:
    rows = sign_in.sessions(reading(), me, utcnow())
    return render_template("moderation/sessions.html", me=me, rows=rows, here=sign_in.this_session())


@desk.post("/sessions/<int:sign_in_id>/end")
@for_staff
def end_session(sign_in_id: int, me: Moderator) -> ResponseReturnValue:
    """One session of one's own ends: a telephone that was lost, a computer that was left."""
    now = utcnow()
    with transaction() as session:
        own = [row for row in sign_in.sessions(session, me, now) if row.id == sign_in_id]
        if not own:
            abort(404)
        sign_in.end_session(session, own[0], me, now)
    return redirect(url_for("desk.show_sessions"), code=303)


def _person_or_404(
    session: Session, moderator_id: int, me: Moderator
) -> tuple[Moderator, dict[int | None, Role], dict[int | None, Role]]:
    """Somebody with a role in a campaign that `me` may look at; for all others there is nobody."""
    person = session.get(Moderator, moderator_id)
    held = permissions.roles(session, me)
    theirs = permissions.roles(session, person) if person is not None else {}
    where = permissions.campaigns(held, Act.LOOK)
    if person is None or not (where is None or any(campaign in (None, *where) for campaign in theirs)):
        abort(404)
    return person, held, theirs


def _managed(session: Session, moderator_id: int, me: Moderator) -> Moderator:
    person, held, theirs = _person_or_404(session, moderator_id, me)
    if person.id == me.id or not permissions.may_manage(held, theirs):
        raise NotAllowed(Act.INVITE)
    return person


def _person(me: Moderator, person: Moderator, *, link: str = "") -> str:
    session = reading()
    held, theirs = permissions.roles(session, me), permissions.roles(session, person)
    where = permissions.campaigns(held, Act.LOOK)
    may_manage = person.id != me.id and permissions.may_manage(held, theirs)
    return render_template(
        "moderation/person.html",
        me=me,
        person=person,
        may_manage=may_manage,
        memberships=[
            (membership, permissions.may_invite(held, membership.role, membership.campaign_id))
            for membership in person.memberships
            if membership.ended_at is None and (where is None or membership.campaign_id in (None, *where))
        ],
        rows=sign_in.sessions(session, person, utcnow()) if may_manage else [],
        link=link,
    )


def _people(me: Moderator, *, problem: str = "", link: str = "") -> str:
    session = reading()
    held = permissions.roles(session, me)
    where = permissions.campaigns(held, Act.LOOK)
    members = session.execute(
        select(Membership, Moderator)
        .join(Moderator, Moderator.id == Membership.moderator_id)
        .where(Membership.ended_at.is_(None))
        .order_by(Moderator.name)
    ).all()
    shown = [pair for pair in members if where is None or pair[0].campaign_id in (None, *where)]
    campaigns = session.scalars(select(Campaign).order_by(Campaign.slug)).all()
    return render_template(
        "moderation/people.html",
        me=me,
        members=shown,
        campaigns=[campaign for campaign in campaigns if where is None or campaign.id in where],
        roles=[role for role in Role if any(role in permissions.INVITES.get(own, ()) for own in held.values())],
        problem=problem,
        link=link,
    )


@desk.post("/shortcuts")
@for_staff
def switch_shortcuts(me: Moderator) -> ResponseReturnValue:
    """Single keys can be switched off, for those whom they would trip up (WCAG 2.1.4)."""
    with transaction():
        me.shortcuts = not me.shortcuts
    return redirect(url_for("desk.show_queue", **filters.carried()), code=303)


# -- joining -----------------------------------------------------------------------------------------


@desk.get("/invitation/<token>")
def show_invitation(token: str) -> ResponseReturnValue:
    invitation = memberships.open_invitation(reading(), token, utcnow())
    if invitation is None:
        return render_template("moderation/invitation.html", step="over", me=None), 404
    if memberships.known_already(reading(), invitation) is not None:
        return _role_to_take(token, invitation)
    return _not_yet(reading(), invitation) or _step("password", invitation)


def _role_to_take(token: str, invitation: Invitation) -> ResponseReturnValue:
    """Somebody who is at the desk already signs in as ever, and takes the role with a button."""
    me = sign_in.signed_in()
    if me is None or me.email != invitation.email:
        here = url_for("desk.show_invitation", token=token)
        page = render_template("moderation/invitation.html", step="sign_in", me=None, here=here, problem="")
        return page, 403
    return render_template("moderation/invitation.html", step="role", me=me, role=invitation.role, problem="")


@desk.post("/invitation/<token>")
def join(token: str) -> ResponseReturnValue:
    """First the password, then the secret of an authenticator app and its first code."""
    now, form = utcnow(), request.form
    with transaction() as session:
        invitation = memberships.open_invitation(session, token, now, lock=True)
        if invitation is None:
            return render_template("moderation/invitation.html", step="over", me=None), 404
        known, me = memberships.known_already(session, invitation), sign_in.signed_in()
        if known is not None:
            if me is None or me.id != known.id:
                return _role_to_take(token, invitation)
            memberships.take_role(session, invitation, known, now)
            return redirect(url_for("desk.show_queue"), code=303)
        not_yet = _not_yet(session, invitation)
        if not_yet is not None:
            return not_yet
        if "password" in form:
            password, name = form["password"], clean(form.get("name", ""))[:100]
            words = passwords.problem(password, email=invitation.email, name=name)
            if words:
                return _step("password", invitation, words, typed=name, status=422)
            moderator = memberships.accept(session, invitation, name, password, now)
            return _ask_for_code(moderator, "")
        found = session.scalars(select(Moderator).where(Moderator.email == invitation.email)).first()
        if found is None or not found.tf_totp_secret:
            return redirect(url_for("desk.show_invitation", token=token), code=303)
        if not memberships.confirm(session, invitation, found, form.get("code", ""), now):
            return _ask_for_code(found, gettext("This code is not right. Wait for the next one and type it.")), 422
    login_user(found, authn_via=["password", "code"])
    return redirect(url_for("desk.show_queue"), code=303)


def _step(
    step: str, invitation: Invitation, problem: str = "", *, typed: str = "", status: int = 200
) -> ResponseReturnValue:
    page = render_template(
        "moderation/invitation.html", step=step, email=invitation.email, me=None, problem=problem, typed=typed
    )
    return page, status


def _not_yet(session: Session, invitation: Invitation) -> ResponseReturnValue | None:
    """What has to come before this link sets anything; none: nothing."""
    now, form = utcnow(), request.form
    if proving.gives_way(session, invitation, now):
        return _step("waits", invitation, status=409)
    if proving.is_proved(invitation, settings()):
        return None
    if "send" in form:
        _limited("letters", {("invitation", invitation.email): 1})
        proving.send_code(session, invitation, page_lang(), now)
        queue.nudge_letters(0)
        return _step("prove", invitation, gettext("The code is on its way. It can take some minutes."))
    if "proof" not in form:
        return _step("prove", invitation, status=403 if request.method == "POST" else 200)
    _limited("codes", {("invitation", str(invitation.id)): 1})
    if not proving.prove(invitation, form["proof"]):
        return _step("prove", invitation, gettext("This is not the code of the letter."), status=422)
    return redirect(url_for("desk.show_invitation", token=(request.view_args or {})["token"]), code=303)


def _limited(kind: Kind, places: Places) -> None:
    wait = limits_of(current_app).take(kind, places)
    if wait is not None:
        abort(wait.status, retry_after=wait.retry_after_seconds)


def _ask_for_code(moderator: Moderator, problem: str) -> str:
    stored = moderator.tf_totp_secret or ""
    return render_template(
        "moderation/invitation.html",
        step="code",
        me=None,
        email=moderator.email,
        secret=memberships.shown_secret(stored),
        uri=memberships.secret_uri(stored, moderator.email),
        problem=problem,
    )
