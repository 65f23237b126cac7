"""The moderators' pages. Every act is a POST with a CSRF token and the version of the review that was looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

import segno
from flask import Blueprint, Flask, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_datetime, gettext
from flask_security import login_user
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from pledges.db import reading, transaction, utcnow
from pledges.errors import WordsChanged
from pledges.models import Campaign
from pledges.settings import settings
from pledges.text import clean

from . import accounts, decisions, jobs, permissions, queue, screens
from .desk import reasons_for
from .models import Decision, Invitation, Membership, Moderator, Reason, Review, Role
from .permissions import Act, NotAllowed
from .workflow import Move, MoveNotAllowed

log = logging.getLogger(__name__)

desk = Blueprint("desk", __name__, url_prefix="/moderation")
View = TypeVar("View", bound=Callable[..., Any])

NOTE_CHARS = 1000
DO_NOT_TELL = {"no", "0", "false", "off"}
PASS, PARK = "pass", "park"


def init_app(app: Flask) -> None:
    app.register_blueprint(desk)
    app.add_template_filter(_qr_svg, "qr_svg")
    app.add_template_filter(format_date, "dateformat")
    app.add_template_filter(format_datetime, "datetimeformat")
    app.jinja_env.globals["report_categories"] = screens.CATEGORIES
    app.jinja_env.globals["undo_seconds"] = app.extensions["wall.settings"].undo_seconds
    app.register_error_handler(CSRFError, _csrf_failed)
    app.after_request(_private)


def _qr_svg(text: str) -> Markup:
    """A QR code as SVG of our own drawing."""
    return Markup(  # noqa: S704 (segno escapes, and the text is drawn, not written)
        segno.make(text, error="m").svg_inline(scale=4, border=2, svgclass=None, lineclass=None, omitsize=True)
    )


def for_staff(view: View) -> View:
    """The view is for people who are signed in with both factors; `me` is who."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        me = accounts.signed_in()
        if me is None:
            return redirect(url_for("security.login", next=request.full_path if request.method == "GET" else None))
        g.lang = me.lang
        return view(*args, me=me, **kwargs)

    return checked  # type: ignore[return-value]


def _private(response: Any) -> Any:
    """Nothing of the desk is kept by a browser or cache, framed, or told to other sites."""
    if not accounts.at_the_desk(request):
        return response
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@desk.errorhandler(NotAllowed)
def _not_allowed(_error: NotAllowed) -> ResponseReturnValue:
    return _problem(gettext("Your role does not allow this."), 403)


@desk.errorhandler(MoveNotAllowed)
def _no_such_move(_error: MoveNotAllowed) -> ResponseReturnValue:
    return _problem(gettext("This is not possible any more. Look at the item again."), 409)


@desk.errorhandler(WordsChanged)
def _tampered(error: WordsChanged) -> ResponseReturnValue:
    log.error("%s: somebody has been at the database", error)
    return _problem(gettext("These are not the words that were sent. Nothing was shown; tell who runs the wall."), 409)


@desk.errorhandler(StaleDataError)
def _stale(_error: StaleDataError) -> ResponseReturnValue:
    return _problem(gettext("Somebody has just decided this. Look at the item again."), 409)


def _csrf_failed(_error: CSRFError) -> ResponseReturnValue:
    return _problem(gettext("This page was open for too long. Go back, load it again and repeat what you did."), 400)


def _problem(words: str, status: int) -> ResponseReturnValue:
    return render_template("moderation/problem.html", words=words, me=accounts.signed_in()), status


# -- the queue ---------------------------------------------------------------------------------------


@desk.get("/")
@for_staff
def show_queue(me: Moderator) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    held = permissions.roles(session, me)
    where = permissions.campaigns(held, Act.LOOK)
    lane = request.args.get("lane", "all")
    if lane not in screens.LANES:
        abort(404)
    after = screens.read_position(request.args.get("after", ""))
    reviews = queue.page(session, now=now, campaigns=where, lane=lane, by=me, after=after, limit=queue.PAGE + 1)
    more, reviews = len(reviews) > queue.PAGE, reviews[: queue.PAGE]
    rows = [screens.row_of(review, now) for review in reviews]
    current = _current(reviews, request.args.get("at", ""))
    item = screens.item_of(session, current, me, held, now, shown=request.args.get("show") == "1") if current else None
    return render_template(
        "moderation/queue.html",
        me=me,
        lane=lane,
        lanes=screens.lane_links(queue.counts(session, now=now, campaigns=where, by=me), lane),
        lane_name=screens.LANES[lane],
        rows=rows,
        item=item,
        next_after=screens.write_position(reviews[-1]) if more else "",
        toast=_toast(session, me, now),
        alert=jobs.spam_service().alert(session),
    )


def _current(reviews: list[Review], at: str) -> Review | None:
    chosen = [review for review in reviews if str(review.id) == at]
    return next(iter(chosen or reviews), None)


def _toast(session: Any, me: Moderator, now: datetime) -> dict[str, Any] | None:
    """What was decided last, while it can be undone."""
    marked = screens.MARKED.get(request.args.get("marked", ""))
    if marked is not None:
        return {"what": str(marked), "words": "", "undoable": False}
    done = request.args.get("done", "")
    decision = session.get(Decision, int(done)) if done.isascii() and done.isdigit() else None
    if decision is None or decision.moderator_id != me.id:
        return None
    return screens.toast_of(decision, undoable=_undoable(session, decision, me, now))


def _undoable(session: Any, decision: Decision, me: Moderator, now: datetime) -> bool:
    last = decisions.last_decision(session, decision.review)
    return last is not None and last.id == decision.id and decisions.undoable(last, me, now, settings())


# -- one item ----------------------------------------------------------------------------------------


@desk.get("/reviews/<int:review_id>")
@for_staff
def show_item(review_id: int, me: Moderator) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    review, held = _review_or_404(session, review_id, me)
    item = screens.item_of(session, review, me, held, now, shown=request.args.get("show") == "1")
    return render_template(
        "moderation/item.html", me=me, item=item, lane=request.args.get("lane", "all"), toast=_toast(session, me, now)
    )


def _review_or_404(session: Any, review_id: int, me: Moderator) -> tuple[Review, dict[int | None, Role]]:
    """The item, for somebody who may look at its campaign; for all others it does not exist."""
    review = session.get(Review, review_id)
    held = permissions.roles(session, me)
    if review is None or not permissions.may(held, Act.LOOK, review.campaign_id):
        abort(404)
    return review, held


@desk.post("/reviews/<int:review_id>/decide")
@for_staff
def decide(review_id: int, me: Moderator) -> ResponseReturnValue:
    now, form = utcnow(), request.form
    version = form.get("version", "")
    move = form.get("move", "")
    if not (version.isascii() and version.isdigit()) or move not in {*Move, PASS, PARK}:
        return _problem(gettext("Something was missing from what was sent. Look at the item again."), 400)
    try:
        with transaction() as session:
            review, held = _review_or_404(session, review_id, me)
            permissions.require(held, Act.DECIDE, review.campaign_id)
            note = clean(form.get("note", ""), lines=True)[:NOTE_CHARS]
            lane = form.get("lane", "all") if form.get("lane", "all") in screens.LANES else "all"
            at = _next_after(session, review, lane, held, me, now)
            if move in (PASS, PARK):
                _mark(session, review, move, int(version), note, me, now)
                done, marked = "", move
            else:
                decision = decisions.decide(
                    session,
                    review_id,
                    _people_move(move),
                    by=me,
                    version=int(version),
                    now=now,
                    settings=settings(),
                    reason=_reason(session, review, form.get("reason", ""), move),
                    note=note,
                    tell=form.get("tell", "").lower() not in DO_NOT_TELL,
                )
                done, marked = str(decision.id), ""
    except decisions.Overtaken as error:
        return _overtaken(review_id, me, error.other)
    except decisions.ReasonMissing:
        return _reason_missing(review_id, me, move)
    jobs.nudge_letters(settings().undo_seconds)
    if move == Move.UNDO:
        return redirect(url_for("desk.show_item", review_id=review_id, lane=lane), code=303)
    there = url_for("desk.show_queue", lane=lane, at=at, done=done or None, marked=marked or None)
    return redirect(there, code=303)


def _next_after(
    session: Session, review: Review, lane: str, held: dict[int | None, Role], me: Moderator, now: datetime
) -> int | None:
    """The item below this one in the lane, where the reader goes on; none: from the top."""
    where = permissions.campaigns(held, Act.LOOK)
    here = queue.Position(review.waiting_since, review.id)
    following = queue.page(session, now=now, campaigns=where, lane=lane, by=me, after=here, limit=1)
    return following[0].id if following else None


def _people_move(move: str) -> Move:
    chosen = Move(move)
    if chosen not in permissions.FOR_MOVE:
        raise MoveNotAllowed(move)
    return chosen


def _reason(session: Any, review: Review, chosen: str, move: str) -> Reason | None:
    """The reason that was chosen, by id or key, among those that this campaign offers for this move."""
    for reason in reasons_for(session, review.campaign_id, move):
        if chosen in (reason.key, str(reason.id)):
            return reason
    return None


def _mark(session: Any, review: Review, move: str, version: int, note: str, me: Moderator, now: datetime) -> None:
    if move == PARK:
        queue.park(session, review, version=version, by=me, now=now)
        return
    to = _colleague(session, request.form.get("to", ""), review.campaign_id)
    queue.hand_over(session, review, version=version, by=me, to=to, note=note, now=now)


def _colleague(session: Any, chosen: str, campaign_id: int) -> Moderator | None:
    """The colleague who was named; none named: whoever comes next."""
    for colleague in screens.colleagues(session, campaign_id):
        if chosen in (str(colleague.id), colleague.email):
            return colleague
    return None


def _overtaken(review_id: int, me: Moderator, other: Decision | None) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    session.expire_all()
    review, held = _review_or_404(session, review_id, me)
    words = screens.overtaken_words(other)
    item = screens.item_of(session, review, me, held, now, shown=False)
    return render_template("moderation/item.html", me=me, item=item, lane="all", toast=None, problem=words), 409


def _reason_missing(review_id: int, me: Moderator, move: str) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    review, held = _review_or_404(session, review_id, me)
    words = gettext("Choose a reason first: the author will read it.")
    item = screens.item_of(session, review, me, held, now, shown=False)
    page = render_template("moderation/item.html", me=me, item=item, lane="all", toast=None, problem=words, opened=move)
    return page, 422


# -- history, people, rules --------------------------------------------------------------------------


@desk.get("/history")
@for_staff
def show_history(me: Moderator) -> ResponseReturnValue:
    session, now = reading(), utcnow()
    where = permissions.campaigns(permissions.roles(session, me), Act.LOOK)
    mine = request.args.get("who", "") == "me"
    lines = screens.recent(session, where, me if mine else None, now)
    return render_template("moderation/history.html", me=me, lines=lines, mine=mine)


@desk.get("/house-rules")
@for_staff
def show_house_rules(me: Moderator) -> ResponseReturnValue:
    session = reading()
    reasons = session.scalars(
        select(Reason).where(Reason.retired_at.is_(None)).order_by(Reason.use, Reason.place)
    ).all()
    return render_template("moderation/house_rules.html", me=me, reasons=reasons)


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
        campaign = _campaign_named(session, form.get("campaign", ""))
        if not permissions.may_invite(held, role, campaign.id if campaign else None):
            raise NotAllowed(Act.INVITE)
        try:
            link = accounts.invite(session, form.get("email", ""), role, campaign.id if campaign else None, me, now)
        except ValueError:
            return _people(me, problem=gettext("Enter an email address like name@example.org.")), 422
    return _people(me, link=settings().base_url + link)


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


def _campaign_named(session: Any, slug: str) -> Campaign | None:
    return session.scalars(select(Campaign).where(Campaign.slug == slug)).first() if slug else None


@desk.post("/shortcuts")
@for_staff
def switch_shortcuts(me: Moderator) -> ResponseReturnValue:
    """Single keys can be switched off, for those whom they would trip up (WCAG 2.1.4)."""
    with transaction():
        me.shortcuts = not me.shortcuts
    return redirect(url_for("desk.show_queue"), code=303)


# -- joining -----------------------------------------------------------------------------------------


@desk.get("/invitation/<token>")
def show_invitation(token: str) -> ResponseReturnValue:
    invitation = accounts.open_invitation(reading(), token, utcnow())
    if invitation is None:
        return render_template("moderation/invitation.html", step="over", me=None), 404
    if accounts.known_already(reading(), invitation) is not None:
        return _role_to_take(token, invitation)
    return render_template("moderation/invitation.html", step="password", email=invitation.email, me=None, problem="")


def _role_to_take(token: str, invitation: Invitation) -> ResponseReturnValue:
    """Somebody who is at the desk already signs in as ever, and takes the role with a button."""
    me = accounts.signed_in()
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
        invitation = accounts.open_invitation(session, token, now, lock=True)
        if invitation is None:
            return render_template("moderation/invitation.html", step="over", me=None), 404
        known, me = accounts.known_already(session, invitation), accounts.signed_in()
        if known is not None:
            if me is None or me.id != known.id:
                return _role_to_take(token, invitation)
            accounts.take_role(session, invitation, known, now)
            return redirect(url_for("desk.show_queue"), code=303)
        if "password" in form:
            password = form["password"]
            if len(password) < accounts.PASSWORD_CHARS:
                words = gettext("The password needs at least %(count)s characters.", count=accounts.PASSWORD_CHARS)
                page = render_template(
                    "moderation/invitation.html", step="password", email=invitation.email, me=None, problem=words
                )
                return page, 422
            moderator = accounts.accept(session, invitation, clean(form.get("name", ""))[:100], password, now)
            return _ask_for_code(moderator, "")
        found = session.scalars(select(Moderator).where(Moderator.email == invitation.email)).first()
        if found is None or not found.tf_totp_secret:
            return redirect(url_for("desk.show_invitation", token=token), code=303)
        if not accounts.confirm(session, invitation, found, form.get("code", ""), now):
            return _ask_for_code(found, gettext("This code is not right. Wait for the next one and type it.")), 422
    login_user(found, authn_via=["password", "code"])
    return redirect(url_for("desk.show_queue"), code=303)


def _ask_for_code(moderator: Moderator, problem: str) -> str:
    stored = moderator.tf_totp_secret or ""
    return render_template(
        "moderation/invitation.html",
        step="code",
        me=None,
        email=moderator.email,
        secret=accounts.shown_secret(stored),
        uri=accounts.secret_uri(stored, moderator.email),
        problem=problem,
    )
