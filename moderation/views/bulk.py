"""Many items at once: chosen, sorted out, decided in portions; and the clusters that they may be chosen from."""

from __future__ import annotations

from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.bulk import batches, undoing
from moderation.bulk import picks as bulk_picks
from moderation.jobs import queue
from moderation.letters import outbox
from moderation.models import Batch, Cluster, Moderator, Reason, Role
from moderation.permissions import Act
from moderation.screens import batches as screens_batches
from moderation.screens import beside, clusters, items, rows
from pledges.db import reading, transaction, utcnow
from pledges.models import Contact
from pledges.settings import settings
from pledges.text import clean, number

from . import filters
from .base import counted, desk, for_staff, harsh_opened, problem
from .items import NoSuchColleague, no_such_colleague

NOTE_CHARS = 1000
REFRESH_SECONDS = 3
DO_NOT_TELL = {"no", "0", "false", "off"}
Held = dict[int | None, Role]


@desk.post("/bulk")
@for_staff
def sort_out_bulk(me: Moderator) -> ResponseReturnValue:
    """The dry run: what would be decided and what not. Nothing is decided here."""
    session, move = reading(), request.form.get("move", "")
    if move not in bulk_picks.OFFERED:
        return _not_offered()
    held = _held(session, me)
    return _sorted_out(session, me, held, _picks(session, me, held), move)


@desk.post("/bulk/decide")
@for_staff
def decide_bulk(me: Moderator) -> ResponseReturnValue:
    """The batch begins; its page tells how it goes on."""
    form, now = request.form, utcnow()
    move = form.get("move", "")
    if move not in bulk_picks.OFFERED:
        return _not_offered()
    picks = bulk_picks.read_picks(form.getlist("pick"))[: bulk_picks.MOST]
    with transaction() as session:
        held = _held(session, me)
        picks = bulk_picks.visible(session, picks, held)
        reason = _reason(session, held, picks) if move == bulk_picks.REJECT else None
        wrong = _wrong(held, picks, move, reason)
        to = None
        if wrong is None and move == bulk_picks.PASS:
            try:
                to = _colleague(session, me, held, picks, form.get("to", ""))
            except NoSuchColleague:
                wrong = no_such_colleague()
        if wrong is None:
            batch = batches.begin(
                session,
                picks,
                move,
                by=me,
                now=now,
                reason=reason,
                to=to,
                tell=form.get("tell", "").lower() not in DO_NOT_TELL,
                note=clean(form.get("note", ""), lines=True)[:NOTE_CHARS],
                cluster_id=_cluster_id(session, held),
                seen=number(form.get("seen", "")),
            )
            batch_id = batch.id
    if wrong is not None:
        return _sorted_out(reading(), me, held, picks, move, trouble=wrong, status=422)
    _go_on(batch_id)
    return redirect(url_for("desk.show_batch", batch_id=batch_id, **filters.carried()), code=303)


@desk.get("/batches/<int:batch_id>")
@for_staff
def show_batch(batch_id: int, me: Moderator) -> ResponseReturnValue:
    """How far it is; while it is not at its end, the page loads itself again."""
    session = reading()
    batch = _own(session, batch_id, me)
    after = number(request.args.get("after", ""))
    progress = screens_batches.progress(session, batch, me, utcnow(), -1 if after is None else after)
    answer = make_response(render_template("moderation/batch.html", me=me, progress=progress))
    if not progress.finished:
        answer.headers["Refresh"] = str(REFRESH_SECONDS)
    return answer


@desk.post("/batches/<int:batch_id>/continue")
@for_staff
def continue_batch(batch_id: int, me: Moderator) -> ResponseReturnValue:
    _own(reading(), batch_id, me)
    _go_on(batch_id)
    return redirect(url_for("desk.show_batch", batch_id=batch_id, **filters.carried()), code=303)


@desk.post("/batches/<int:batch_id>/undo")
@for_staff
def undo_batch(batch_id: int, me: Moderator) -> ResponseReturnValue:
    """All that still stands as the batch left it is taken back, as one step."""
    with transaction() as session:
        undoing.undo(session, _own(session, batch_id, me).id, me, utcnow(), settings())
    _go_on(batch_id)
    return redirect(url_for("desk.show_batch", batch_id=batch_id, **filters.carried()), code=303)


@desk.get("/clusters/<int:cluster_id>")
@for_staff
def show_cluster(cluster_id: int, me: Moderator) -> ResponseReturnValue:
    """Its members that wait, with their differences marked."""
    return _cluster(cluster_id, me, "")


@desk.post("/clusters/<int:cluster_id>")
@for_staff
def show_cluster_texts(cluster_id: int, me: Moderator) -> ResponseReturnValue:
    """The same with one harsh text or all of the page: an answer to a press, and to no address."""
    return _cluster(cluster_id, me, request.form.get("show", ""))


def _cluster(cluster_id: int, me: Moderator, show: str) -> ResponseReturnValue:
    session = reading()
    held = _held(session, me)
    cluster = session.get(Cluster, cluster_id)
    if cluster is None or not permissions.may(held, Act.LOOK, cluster.campaign_id):
        abort(404)
    start = number(request.args.get("after", "")) or 0
    gathered = clusters.gathering(session, cluster, me, utcnow(), after=start, show=show)
    if show and not counted(gathered.harsh_shown):
        show = ""
        gathered = clusters.gathering(session, cluster, me, utcnow(), after=start, show=show)
    return render_template(
        "moderation/cluster.html",
        me=me,
        cluster=gathered,
        opened=harsh_opened(session),
        may_decide=permissions.may(held, Act.DECIDE, cluster.campaign_id),
        confirmed_above=bulk_picks.CONFIRMED_ABOVE,
    )


def _go_on(batch_id: int) -> None:
    """The first portion, or the next, is done now; the worker does the rest if nobody looks."""
    finished = batches.go_on(batch_id, settings(), utcnow())
    if finished:
        queue.nudge_letters(settings().undo_seconds)
    else:
        queue.nudge_batch(batch_id)


def _own(session: Session, batch_id: int, me: Moderator) -> Batch:
    batch = session.get(Batch, batch_id)
    if batch is None or batch.moderator_id != me.id:
        abort(404)
    return batch


def _held(session: Session, me: Moderator) -> Held:
    held = permissions.roles(session, me)
    if permissions.campaigns(held, Act.LOOK) == []:
        abort(404)
    return held


def _not_offered() -> ResponseReturnValue:
    return problem(
        gettext("Nothing is approved many at a time: every promise is read. A reading sheet shows you ten in full."),
        422,
    )


def _picks(session: Session, me: Moderator, held: Held) -> list[bulk_picks.Pick]:
    """What the form chose; of a cluster, where it says so, also what its page would have ticked but did not list."""
    form = request.form
    ticked = bulk_picks.read_picks(form.getlist("pick"))[: bulk_picks.MOST]
    cluster_id = _cluster_id(session, held)
    upto = number(form.get("upto", ""))
    if cluster_id is None or not form.get("rest") or upto is None:
        return ticked
    listed = bulk_picks.read_picks(form.getlist("listed"))
    cluster = session.get_one(Cluster, cluster_id)
    return clusters.chosen(session, cluster, ticked, listed, upto, me, utcnow())


def _cluster_id(session: Session, held: Held) -> int | None:
    """The cluster that the items were chosen from, if this person may see it."""
    named = number(request.form.get("cluster", ""))
    cluster = session.get(Cluster, named) if named is not None else None
    return cluster.id if cluster is not None and permissions.may(held, Act.DECIDE, cluster.campaign_id) else None


def _reason(session: Session, held: Held, picks: list[bulk_picks.Pick]) -> Reason | None:
    """The reason that was chosen, among those that all of the items' campaigns offer alike."""
    chosen = request.form.get("reason", "")
    each = [
        bulk_picks.reasons_offered(session, campaign_id)
        for campaign_id in bulk_picks.campaigns_of(session, picks, held)
    ]
    if not each or any(others != each[0] for others in each):
        return None
    return next((reason for reason in each[0] if chosen in (reason.key, str(reason.id))), None)


def _colleague(
    session: Session, me: Moderator, held: Held, picks: list[bulk_picks.Pick], chosen: str
) -> Moderator | None:
    """The colleague who was named; none named: whoever comes next. Raises NoSuchColleague."""
    named = [person for person in _colleagues(session, me, held, picks) if chosen == str(person.id)]
    if chosen and not named:
        raise NoSuchColleague
    return next(iter(named), None)


def _colleagues(session: Session, me: Moderator, held: Held, picks: list[bulk_picks.Pick]) -> list[Moderator]:
    each = [items.colleagues(session, campaign_id) for campaign_id in bulk_picks.campaigns_of(session, picks, held)]
    common = [person for person in (each[0] if each else []) if all(person in others for others in each[1:])]
    return [person for person in common if person.id != me.id]


def _wrong(held: Held, picks: list[bulk_picks.Pick], move: str, reason: Reason | None) -> str | None:
    """What is missing before the batch may begin; none: nothing."""
    if not picks:
        return gettext("Choose at least one item first.")
    if permissions.campaigns(held, Act.DECIDE) == []:
        raise permissions.NotAllowed(Act.DECIDE)
    if move == bulk_picks.REJECT and reason is None:
        return gettext("Choose a reason first: the authors will read it.")
    if len(picks) > bulk_picks.CONFIRMED_ABOVE and request.form.get("confirm", "").strip() != str(len(picks)):
        return gettext("Type the number %(count)s to confirm.", count=len(picks))
    return None


def _sorted_out(
    session: Session,
    me: Moderator,
    held: Held,
    picks: list[bulk_picks.Pick],
    move: str,
    *,
    trouble: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    now = utcnow()
    session.expire_all()
    told = number(request.form.get("seen", ""))
    seen = batches.newest_line(session) if told is None else told
    found = bulk_picks.sort_out(session, picks, me, held, now, seen)
    groups = bulk_picks.groups(session, found.can)
    if move != bulk_picks.REJECT and groups:
        groups = [bulk_picks.Group([], found.can)]
    page: dict[str, Any] = {
        "move": move,
        "seen": seen,
        "title": screens_batches.TITLES[move],
        "found": found,
        "groups": [(group, ",".join(str(bulk_picks.Pick(r.id, r.version)) for r in group.reviews)) for group in groups],
        "rows": {review.id: rows.row_of(review, now) for review in found.can[: beside.LISTED]},
        "standing": batches.standing(found.can),
        "reported": bulk_picks.reported(session, found.can),
        "cannot": [(each.review, screens_batches.why_words(session, each)) for each in found.cannot],
        "letters": {place: _letters(session, group) for place, group in enumerate(groups)},
        "colleagues": _colleagues(session, me, held, picks) if move == bulk_picks.PASS else [],
        "cluster": number(request.form.get("cluster", "")),
        "confirmed_above": bulk_picks.CONFIRMED_ABOVE,
        "trouble": trouble or ("" if picks else gettext("Choose at least one item first.")),
    }
    return render_template("moderation/bulk.html", me=me, **page), status if picks else 422


def _letters(session: Session, group: bulk_picks.Group) -> int:
    """How many of the authors can be written to."""
    contacts = [review.contribution.contact for review in group.reviews]
    wanted = [contact.email_hash for contact in contacts if contact and contact.letters_wanted]
    proved = set(session.scalars(outbox.proved_addresses().where(Contact.email_hash.in_(wanted))))
    return sum(address in proved for address in wanted)
