"""Pages and posts of the public side: no script, no cookie, no account."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import segno
from babel import Locale, UnknownLocaleError
from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    has_request_context,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_datetime, format_decimal, format_time, get_locale, refresh
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from . import addresses, counters, ends, erasure, guarding, intake, markup, motifs, story, tokens, wall
from .addresses import LANGUAGES
from .db import Translated, reading, transaction, until_stored, utcnow
from .errors import FormUsed, NotNow, NotYours
from .forms import (
    CATEGORIES,
    OFFERED,
    TRAP,
    WISHES,
    AddressForm,
    CommentForm,
    Form,
    PledgeForm,
    ReportForm,
    Written,
    consent_words,
    permitted_levels,
)
from .intake import Complaint, Origin, Receipt, Sent, review_desk
from .limits import EventAllowance, Kind, Places, Refusal, limits_of
from .models import AkismetUse, Audience, Campaign, Consent, Contribution, EventCode, Question, ShowName, Type
from .seldom import Seldom
from .settings import settings
from .shield import is_private
from .text import clean, first_name

log = logging.getLogger(__name__)
complaints = Seldom(log)

WRITABLE = "wall.writable"  # extension: a `readiness.Writable`
READY = "wall.ready"  # extension: name -> a check that raises, or answers False, where a part is away

SHARED = "public, max-age=5, stale-while-revalidate=25, stale-if-error=30"
FORM = "private, no-cache"  # not no-store: Back after a lost network must keep what was typed
PRIVATE = "private, no-store"
ACTS = ("edit", "withdraw", "restore", "erase", "hide_name", "appeal", "letters", "wishes", "new_link")
ENDLESS = 1_000_000  # times a limit: never full, only counted

public = Blueprint("public", __name__)
upkeep = Blueprint("upkeep", __name__)


# Around every page: language, campaign, links


def read_language() -> None:
    """The first segment of the address decides the language; nothing else does."""
    first = request.path.split("/", 2)[1]
    g.prefix = first if first in LANGUAGES else ""
    g.lang = g.prefix or "en"
    g.campaign = None


@public.before_request
def read_campaign() -> None:
    """The campaign of the address is known, and without a prefix its first language is spoken."""
    slug = (request.view_args or {}).get("slug")
    if slug is not None:
        speak_for(wall.campaign_or_404(reading(), slug))


def speak_for(campaign: Campaign) -> Campaign:
    g.campaign = campaign
    first = campaign.languages[0] if campaign.languages else "en"
    g.lang = g.prefix or (first if first in LANGUAGES else "en")
    refresh()
    return campaign


def page_lang() -> str:
    return g.get("lang", "en")


def time_zone() -> str:
    campaign = g.get("campaign")
    return campaign.time_zone if campaign else "Europe/London"


def link(endpoint: str, **values: Any) -> str:
    """The address of one of our pages, in the language of this one.

    Pages of no campaign are in English where nothing else is said, so a campaign that speaks Welsh first says so.
    """
    prefix = g.get("prefix", "")
    if not prefix and "slug" not in values and page_lang() != "en":
        prefix = page_lang()
    name = f"public_{prefix}.{endpoint}" if prefix else f"public.{endpoint}"
    if not has_request_context():
        return url_for(name, **values)
    return _path(request.script_root, name, tuple(values.items()))


@lru_cache(maxsize=10_000)
def _path(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    """Built once: a page names the same addresses again and again, and so do all pages of a wall."""
    return url_for(endpoint, **dict(values))


def address_of(contribution: Contribution, campaign: Campaign, *, absolute: bool = False) -> str:
    """The page on which a promise, an answer or a comment stands."""
    target = contribution.parent if contribution.type is Type.COMMENT and contribution.parent else contribution
    shelf = "answers" if target.type is Type.ANSWER else "promises"
    anchor = f"c-{contribution.public_id}" if target is not contribution else None
    path = link("promise", slug=campaign.slug, shelf=shelf, id=target.public_id, _anchor=anchor)
    return settings().base_url + path if absolute else path


def language_links() -> list[dict[str, str]]:
    """This very page in the campaign's other languages."""
    if not addresses.is_public_page():
        return []
    others = [lang for lang in addresses.offered() if lang != page_lang()]
    return [{"lang": lang, "name": LANGUAGES[lang], "url": addresses.in_language(lang)} for lang in others]


def names_of_page() -> dict[str, Any]:
    """What search engines are told of the addresses of a page; nothing of one that holds a private link, or is none."""
    if request.method != "GET" or not addresses.is_public_page() or is_private(request.path):
        return {}
    return {"canonical": addresses.canonical(), "alternates": addresses.alternates()}


def surroundings() -> dict[str, Any]:
    """What every template knows about the page it is on."""
    return {"campaign": g.get("campaign"), "page_lang": page_lang()}


def helpers() -> dict[str, Any]:
    """What every template may call."""
    return {
        "language_links": language_links,
        "names_of_page": names_of_page,
        "link": link,
        "send_to": send_to,
        "say": say,
        "say_prose": say_prose,
        "in_words": in_words,
        "language_name": language_name,
        "motif_of": motifs.path,
        "asks_akismet": asks_akismet,
        "day": lambda value: _day(str(get_locale()), time_zone(), value),
        "last_day": lambda end: format_date(ends.last_day(end, time_zone()), "d MMMM y"),
        "moment": lambda value: _moment(str(get_locale()), time_zone(), value),
        "wait_in_words": wait_in_words,
    }


@lru_cache(maxsize=10_000)
def _day(_lang: str, _zone: str, value: date) -> str:
    return format_date(value, "d MMMM y")


@lru_cache(maxsize=10_000)
def _moment(_lang: str, _zone: str, value: datetime) -> str:
    return format_datetime(value, "d MMMM y, HH:mm")


def send_to() -> str:
    """Where the form of this page is sent: never the very address it stands at.

    A browser that cannot reach that same address puts its error page in the form's place, so that Back would lead
    past the form and lose the words.
    """
    tries = request.args.get("try", "")
    return f"{request.path}?try={int(tries) + 1 if tries.isascii() and tries.isdigit() and len(tries) < 4 else 1}"


def asks_akismet(campaign: Campaign) -> bool:
    """Whether words sent here may go to Akismet: where the campaign has not switched it off, and there is a key."""
    return campaign.akismet is not AkismetUse.DO_NOT_ASK and bool(settings().akismet_api_key.get_secret_value())


def number(value: int) -> str:
    return format_decimal(value)


def language_name(tag: str) -> str:
    """A language as people of this page call it."""
    try:
        return Locale.parse(tag, sep="-").get_language_name(page_lang()) or tag
    except (ValueError, UnknownLocaleError):
        return tag


def say(name: str) -> Markup:
    """The campaign's own words called `name`, else ours."""
    campaign: Campaign = g.campaign
    own = campaign.text(name, page_lang())
    if own:
        return markup.tagged(own, campaign.text_lang(name, page_lang()), page_lang())
    return Markup.escape(_usual_words().get(name, ""))


def say_prose(name: str) -> Markup:
    """The campaign's own words, as paragraphs."""
    campaign: Campaign = g.campaign
    lang = campaign.text_lang(name, page_lang())
    return Markup('<div lang="{}">{}</div>').format(lang, markup.prose(campaign.text(name, page_lang())))


def in_words(translated: Any) -> Markup:
    """Words that a campaign keeps in several languages, in that of the page where there is one."""
    return markup.tagged(translated.in_(page_lang()), translated.lang_of(page_lang()), page_lang())


def _usual_words() -> dict[str, str]:
    return {
        "hero": _("When we all play a part"),
        "lead": _("Say in public what you will do. Then do it, where everyone can see."),
        "ask": _("What will you do?"),
        "ask_hint": _("One thing you can keep. Say when, if you can. Please leave out other people’s names."),
        "how_1": _("One thing you will do, in your own words. As yourself or for your organisation."),
        "how_2": _("A moderator reads every promise and every comment before it appears."),
        "how_3": _("Your promise joins the wall, with a page of its own to share."),
        "closed": _("Promises are closed"),
        "thanks": _("We have your promise. A person will read it soon."),
    }


def wait_in_words(minutes: int) -> str:
    """A wait as people say it, on the long side."""
    if minutes < 90:
        return _("within %(n)s minutes", n=max(10, -(-minutes // 10) * 10))
    if minutes < 36 * 60:
        return _("within %(n)s hours", n=-(-minutes // 60))
    return _("within %(n)s days", n=-(-minutes // (24 * 60)))


def shared(campaign: Campaign, page: Callable[[], str]) -> Response:
    """A page that caches may keep for seconds; unchanged since, it is not even drawn."""
    tag = wall.etag(campaign, page_lang(), addresses.page_key(), utcnow())
    fresh = request.if_none_match.contains_weak(tag)
    response = Response(status=304) if fresh else make_response(page())
    response.set_etag(tag)
    response.headers["Cache-Control"] = SHARED
    return response


def cursor() -> wall.Cursor | None:
    """The `after=` of the address; one that we did not make begins at the start."""
    try:
        return wall.Cursor.read(request.args["after"]) if request.args.get("after") else None
    except wall.BadCursor:
        return None


# The wall


@public.get("/")
def campaigns() -> ResponseReturnValue:
    """The campaigns; with one alone, its wall."""
    found = wall.shown_campaigns(reading())
    if len(found) == 1:
        return redirect(link("wall", slug=found[0].slug))
    every = counters.read_each(reading(), [each.id for each in found])
    counts = {campaign_id: counters.without_examples(each) for campaign_id, each in every.items()}
    leads = {each.id: Translated(each.words.get("lead", {})) for each in found}
    return render_template(
        "campaign/list.html", campaigns=found, counts=counts, leads=leads, now_open=_open_ones(found)
    )


def _open_ones(found: list[Campaign]) -> set[int]:
    now = utcnow()
    return {each.id for each in found if wall.is_open(each, now)}


@public.get("/<slug>", endpoint="wall")
def show_wall(slug: str) -> ResponseReturnValue:
    campaign: Campaign = g.campaign
    return shared(campaign, lambda: _wall(campaign))


def _wall(campaign: Campaign) -> str:
    session = reading()
    counts = counters.read(session, campaign.id)
    filters = wall.Filters.read(request.args.to_dict())
    page = wall.wall_page(session, campaign, filters, cursor())
    return render_template(
        "campaign/wall.html",
        filters=filters,
        pieces=[wall.piece(each) for each in page.items],
        next=page.next,
        further="after" in request.args,
        counts=counters.without_examples(counts),
        cloth=wall.the_cloth(session, campaign),
        asked_for=Markup(", ").join(_asked_for(campaign, filters)),
        found=_counted(campaign, filters, counts),
        open=wall.is_open(campaign, utcnow()),
        to_come=_to_come(campaign),
        dye=wall.dye,
        statuses=status_words(),
        wall_page=True,
    )


def _asked_for(campaign: Campaign, filters: wall.Filters) -> list[Markup]:
    """What was asked to see, in the words of the page, theme first; only what there is to ask for."""
    statuses = status_words()
    kinds = {"organisation": _("organisations only"), "person": _("people only")}
    found = [in_words(theme.title) for theme in campaign.themes if theme.key == filters.theme]
    found += [in_words(each.title) for each in campaign.audiences if each.key == filters.audience]
    found += [Markup.escape(kinds[filters.kind])] if filters.kind in kinds else []
    found += [Markup.escape(statuses[filters.status])] if filters.status in statuses else []
    known = filters.lang in campaign.contribution_languages
    return [*found, *([Markup.escape(language_name(filters.lang))] if known else [])]


def status_words() -> dict[str, str]:
    """How a promise can stand, as something to ask the wall for."""
    return {
        "under_way": _("under way"),
        "kept": _("kept promises"),
        "changed": _("changed since"),
        "not_kept": _("not kept"),
        "promised": _("just promised"),
    }


def _counted(campaign: Campaign, filters: wall.Filters, counts: dict[str, int]) -> int | None:
    """How many promises were asked for, where that is a number that we keep."""
    names = {f"theme={theme.key}": f"theme:{theme.id}" for theme in campaign.themes}
    names |= {f"status={status}": f"progress:{status}" for status in status_words()}
    names |= {f"kind={kind}": f"kind:{kind}" for kind in ("person", "organisation")}
    asked = [f"{name}={value}" for name, value in filters.asked.items()]
    return counts.get(names[asked[0]], 0) if len(asked) == 1 and asked[0] in names else None


def _to_come(campaign: Campaign) -> datetime | None:
    """When promises open, where that is still to come."""
    return campaign.opens_at if campaign.opens_at and campaign.opens_at > utcnow() else None


@public.get("/<slug>/colours.css")
def colours(slug: str) -> ResponseReturnValue:
    """The campaign's own five colours, as a style sheet, so that no page needs an inline style."""
    response = Response(wall.colours_css(g.campaign), mimetype="text/css")
    response.set_etag(wall.etag(g.campaign, "", "colours", utcnow()))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response.make_conditional(request)


@public.get("/<slug>/<any(promises, answers):shelf>/<id>")
def promise(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    pledge = wall.shown_or_404(reading(), g.campaign, id, wall.SHELVES[shelf], with_it=wall.ON_ITS_PAGE)
    return shared(g.campaign, lambda: _promise(g.campaign, pledge))


def _promise(campaign: Campaign, pledge: Contribution) -> str:
    session = reading()
    thread = wall.thread(session, pledge, cursor())
    assert pledge.published_at is not None and pledge.published_revision is not None  # noqa: S101 (it is shown)
    return render_template(
        "pledge/show.html",
        p=wall.piece(pledge),
        words=pledge.published_revision.words,
        thread=thread,
        question=pledge.question,
        audience=pledge.audience,
        comments_open=wall.takes_comments(campaign, pledge),
        cloth=wall.the_cloth(session, campaign, mark=pledge.published_at.date(), narrow=True),
        open=wall.is_open(campaign, utcnow()),
    )


@public.get("/<slug>/<any(promises, answers):shelf>/<id>/qr.svg")
def qr(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    """The address of a promise as a square to photograph."""
    pledge = wall.shown_or_404(reading(), g.campaign, id, wall.SHELVES[shelf])
    drawn = BytesIO()
    segno.make(address_of(pledge, g.campaign, absolute=True), error="m").save(drawn, kind="svg", scale=8)
    response = Response(drawn.getvalue(), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = SHARED
    return response


@public.get("/<slug>/questions/<id>")
def question(slug: str, id: str) -> ResponseReturnValue:
    asked = wall.question_or_404(reading(), g.campaign, id)
    return shared(g.campaign, lambda: _question(g.campaign, asked))


def _question(campaign: Campaign, asked: Question) -> str:
    page: wall.Page[Contribution] = wall.Page([], None)
    if asked.answers_public:
        page = wall.wall_page(reading(), campaign, wall.Filters(), cursor(), type=Type.ANSWER, question=asked)
    return render_template(
        "campaign/question.html",
        question=asked,
        pieces=[wall.piece(each) for each in page.items],
        next=page.next,
        open=wall.is_open(campaign, utcnow()),
    )


# Sending: one road for promises, answers, comments and their changes


Store = Callable[[Session, Sent, Origin, datetime], Receipt]


@dataclass(frozen=True)
class Road:
    """What differs between the forms: their token, their limit, their page, and how they are stored."""

    purpose: str
    limit: Kind
    page: Callable[..., str]  # form, token, and what happened
    store: Store
    taken: bool = True  # False: closed
    sent_with: tuple[str, ...] = ()  # purposes of forms that came before what was sent last
    repeated: Callable[[Sent], Receipt | None] = lambda sent: None  # the receipt where this was sent last
    event: EventCode | None = None


def _storing(campaign: Campaign, event: EventCode | None, **where: Any) -> Store:
    """Stores what is sent as new, `where` as `intake.receive` takes it, with the event whose code came with it."""

    def store(session: Session, sent: Sent, origin: Origin, now: datetime) -> Receipt:
        code = event.id if event else None
        return intake.receive(session, campaign, sent, origin, review_desk(), now=now, event_code_id=code, **where)

    return store


def ask(road: Road, form: Form) -> Response:
    """The form for this one visitor."""
    return _form_page(road, form, 200)


def take(road: Road, form: PledgeForm | CommentForm) -> ResponseReturnValue:
    """What was sent is stored once, or the form comes back with every word and the reason."""
    now = utcnow()
    ticket = tokens.read_form_token(request.form.get("token", ""), road.purpose, now)
    looking = request.form.get("step") == "preview"
    form.errors = form.for_a_look() if looking else form.errors
    if ticket is not None and not form.errors and not looking:
        try:
            again = intake.already(reading(), form.sent(ticket.nonce))
        except FormUsed:
            return _form_page(road, form, 422, trouble="used")
        if again is not None:
            return _to_receipt(again)
    if not road.taken:
        return _form_page(road, form, 409, trouble="closed")
    if ticket is None and not form.errors and _is_used(road, now):
        same = road.repeated(form.sent(None))
        return _to_receipt(same) if same is not None else _form_page(road, form, 422, trouble="used")
    kept = request.form["token"] if ticket is not None and not ticket.aged else ""
    if form.errors:
        return _form_page(road, form, 422, token=kept)
    if not kept or ticket is None:
        return _form_page(road, form, 422, trouble="aged")
    if looking:
        before = _sent_before(form.sent(ticket.nonce))
        return _form_page(road, form, 200, token="" if before == "others" else kept, preview=True, sent_before=before)
    wait = refusal(road.limit, email=form["email"], event=road.event)
    if wait is not None:
        return _wait_page(road, form, kept, wait, now)
    sent = form.sent(ticket.nonce)
    try:
        receipt = _stored(road, sent, origin(ticket.made_at, now), now)
    except FormUsed:
        return _form_page(road, form, 422, trouble="used")
    return _to_receipt(receipt)


def _sent_before(sent: Sent) -> str:
    """Whether this form was sent before: `same` words, `others`, or not at all."""
    try:
        return "same" if intake.already(reading(), sent) is not None else ""
    except FormUsed:
        return "others"


def _is_used(road: Road, now: datetime) -> bool:
    token = request.form.get("token", "")
    return any(tokens.read_form_token(token, purpose, now) for purpose in road.sent_with)


def _stored(road: Road, sent: Sent, origin: Origin, now: datetime) -> Receipt:
    """Committed and handed over; of two at once with one form, both get the same receipt."""
    try:
        with transaction() as session:
            receipt = road.store(session, sent, origin, now)
    except IntegrityError:  # the other one was first: now it is found
        with transaction() as session:
            receipt = road.store(session, sent, origin, now)
    try:
        review_desk().stored(receipt.contribution)
    except Exception:  # whatever it was: the promise is committed, and a 500 would deny that to its author
        log.exception("the checks were not started; the sweep will find it")
    return receipt


def _to_receipt(receipt: Receipt) -> Response:
    response = redirect(link("receipt", token=receipt.token, sent=1), code=303)
    response.headers["Cache-Control"] = PRIVATE
    return make_response(response)


def _form_page(road: Road, form: Form, status: int, *, token: str = "", **happened: Any) -> Response:
    body = road.page(form=form, token=token or tokens.new_form_token(road.purpose), trap=TRAP, **happened)
    response = make_response(body, status)
    response.headers["Cache-Control"] = FORM
    return response


def _wait_page(road: Road, form: Form, token: str, wait: Refusal, now: datetime) -> Response:
    page = _form_page(road, form, wait.status, token=token, trouble=_why(wait), wait_until=_clock(wait, now))
    return _with_retry_after(page, wait)


def _why(wait: Refusal) -> str:
    """`wait` where the visitor sends too often, `wait_email` where an email address was used too often.

    `away` where we cannot count, which is no fault of theirs.
    """
    if wait.status == 503:
        return "away"
    return "wait_email" if wait.kind == "email" else "wait"


def _clock(wait: Refusal, now: datetime) -> str:
    """Until when to wait, with the day where it is not today; a minute is added, since no seconds are shown."""
    until = now + timedelta(seconds=wait.retry_after_seconds + 59)
    return format_time(until, "HH:mm") if _today(until) == _today(now) else format_datetime(until, "d MMMM, HH:mm")


def _with_retry_after(response: Response, wait: Refusal) -> Response:
    response.headers["Retry-After"] = str(max(1, wait.retry_after_seconds))
    return response


def refusal(kind: Kind, *, email: str = "", event: EventCode | None = None) -> Refusal | None:
    """How long to wait where this visitor, or this address of an author, sends too often; none: go on."""
    limits = limits_of(current_app)
    campaign = g.get("campaign")
    allowance = _allowance(event) if event else None
    slug = campaign.slug if campaign is not None else None
    # a letter costs whoever is written to, so there the address itself has the limit too
    extra = email if kind == "letters" else None
    guarded = campaign is not None and guarding.is_tight(campaign, kind, utcnow())
    written_to = email if kind in ("promises", "comments") else None
    return limits.check(
        kind,
        address=limits.visitor(),
        extra=extra,
        email=written_to,
        campaign=slug,
        event=allowance,
        guarded=guarded,
    )


def _allowance(event: EventCode) -> EventAllowance:
    return EventAllowance(str(event.id), f"{event.ceiling} per 1 year")


def _event_asked(campaign: Campaign, now: datetime) -> EventCode | None:
    """The event whose code came along; none where a network has guessed too often, and `guessed` says so."""
    code = _code_asked()
    if not code:
        return None
    limits = limits_of(current_app)
    guesses = limits.of_network("code")
    right: Places = {("right code", limits.key(), campaign.slug, code.casefold()): ENDLESS}
    wait = limits.take("codes", guesses)
    if wait is not None and not limits.has_counted("codes", right):  # known there, so no guess
        g.guessed = True
        return None
    event = wall.event_code(reading(), campaign, code, now)
    if event is not None and wait is None:
        limits.give_back("codes", guesses)
        limits.take("codes", right)
    return event


def _code_asked() -> str:
    return clean(request.values.get("event", ""))[:40]


def _event_says(event: EventCode | None) -> str:
    """What a visitor should know who came with a code: `unknown`, `guessed` too often, `used_up`, or nothing."""
    if event is None:
        return ("guessed" if g.get("guessed") else "unknown") if _code_asked() else ""
    return "" if limits_of(current_app).has_room(_allowance(event)) else "used_up"


def visitor() -> str:
    """The visitor's address, as far as our own proxies vouch for it."""
    return str(limits_of(current_app).visitor())


def origin(made_at: datetime, now: datetime) -> Origin:
    campaign: Campaign = g.campaign
    return Origin(
        ip=visitor(),
        user_agent=request.headers.get("User-Agent", "")[:400],
        referrer=request.headers.get("Referer", "")[:400],
        accept_language=request.headers.get("Accept-Language", "")[:100],
        permalink=settings().base_url + link("wall", slug=campaign.slug),
        seconds_on_form=max(0.0, (now - made_at).total_seconds()),
        trap_name=TRAP,
        trap_value=request.form.get(TRAP, "")[:400] if TRAP in request.form else None,
    )


@public.get("/<slug>/promise")
def new_promise(slug: str) -> ResponseReturnValue:
    road = promise_road(g.campaign)
    if not road.taken:
        return closed_page(200)
    return ask(road, PledgeForm.blank(g.campaign, Type.PLEDGE, page_lang(), _words_to_start_from(g.campaign)))


@public.post("/<slug>/promise")
def make_promise(slug: str) -> ResponseReturnValue:
    form = PledgeForm.read(request.form, g.campaign, Type.PLEDGE, page_lang=page_lang(), today=_today(utcnow()))
    return take(promise_road(g.campaign), form)


@public.get("/<slug>/questions/<id>/answer")
def new_answer(slug: str, id: str) -> ResponseReturnValue:
    road = promise_road(g.campaign, wall.question_or_404(reading(), g.campaign, id))
    if not road.taken:
        return closed_page(200)
    return ask(road, PledgeForm.blank(g.campaign, Type.ANSWER, page_lang()))


@public.post("/<slug>/questions/<id>/answer")
def make_answer(slug: str, id: str) -> ResponseReturnValue:
    form = PledgeForm.read(request.form, g.campaign, Type.ANSWER, page_lang=page_lang(), today=_today(utcnow()))
    try:
        asked = wall.question_or_404(reading(), g.campaign, id)
    except NotYours:
        return _gone("question", form, f"answer:{id}")
    return take(promise_road(g.campaign, asked), form)


def promise_road(campaign: Campaign, asked: Question | None = None) -> Road:
    """The road of a promise, or of an answer to the question that was asked."""
    now = utcnow()
    event = _event_asked(campaign, now)
    like = _inspiration(campaign)

    return Road(
        purpose=f"answer:{asked.public_id}" if asked else f"promise:{campaign.slug}",
        limit="promises",
        page=lambda **given: _pledge_form_page(campaign, asked, event, like, **given),
        store=_storing(campaign, event, question=asked, inspired_by=like),
        taken=wall.is_open(campaign, now),
        event=event,
    )


def _inspiration(campaign: Campaign) -> Contribution | None:
    """Somebody else's promise from which this one starts."""
    try:
        return wall.shown_or_404(reading(), campaign, request.values.get("like", ""), Type.PLEDGE)
    except NotYours:
        return None


def _words_to_start_from(campaign: Campaign) -> str:
    like = _inspiration(campaign)
    return like.published_revision.words if like is not None and like.published_revision else ""


def _pledge_form_page(
    campaign: Campaign,
    asked: Question | None,
    event: EventCode | None,
    like: Contribution | None,
    *,
    form: PledgeForm,
    trouble: str = "",
    preview: bool = False,
    sent_before: str = "",
    **given: Any,
) -> str:
    if trouble == "closed":
        return closed_words(Written.read(request.form))
    return render_template(
        "pledge/form.html",
        form=form,
        question=asked,
        event=event,
        event_says=_event_says(event),
        code_asked=_code_asked(),
        like=like,
        trouble=trouble,
        preview=_preview(campaign, form) if preview else None,
        loose_dye=wall.dye(None, form.words),
        sent_before=sent_before,
        preview_audience=_audience(campaign, form) if preview else None,
        levels=permitted_levels(campaign),
        consents=consent_words(campaign, form.type),
        offered=OFFERED,
        starts=[prompt for prompt in campaign.prompts if prompt.use == "promise"],
        dye=wall.dye,
        **given,
    )


def _preview(campaign: Campaign, form: PledgeForm) -> wall.Piece:
    """The piece as it would stand on the wall; nothing is stored."""
    sent = form.sent(None)
    theme = next((theme for theme in campaign.themes if theme.id == sent.theme_id), None)
    return wall.unsent_piece(sent, theme)


def _audience(campaign: Campaign, form: PledgeForm) -> Audience | None:
    chosen = form.sent(None).audience_id
    return next((audience for audience in campaign.audiences if audience.id == chosen), None)


def closed_page(status: int) -> Response:
    response = make_response(closed_words(None), status)
    response.headers["Cache-Control"] = FORM
    return response


def closed_words(written: Written | None) -> str:
    """That promises are closed, with the words that came too late, if any."""
    campaign: Campaign = g.campaign
    return render_template(
        "pledge/closed.html",
        written=written,
        counts=counters.without_examples(counters.read(reading(), campaign.id)),
        cloth=wall.the_cloth(reading(), campaign, narrow=True),
        to_come=_to_come(campaign),
        closed_on=campaign.closes_at if campaign.closes_at and campaign.closes_at <= utcnow() else None,
    )


def _today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(time_zone())).date()


# Comments


@public.get("/<slug>/<any(promises, answers):shelf>/<id>/comment")
def new_comment(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    parent = wall.shown_or_404(reading(), g.campaign, id, wall.SHELVES[shelf])
    road = comment_road(g.campaign, parent)
    if not road.taken:
        return _form_page(road, CommentForm.blank(g.campaign, page_lang()), 200, trouble="closed")
    return ask(road, CommentForm.blank(g.campaign, page_lang(), request.args.get("reply_to", "")[:16]))


@public.post("/<slug>/<any(promises, answers):shelf>/<id>/comment")
def make_comment(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    form = CommentForm.read(request.form, g.campaign, page_lang=page_lang())
    try:
        parent = wall.shown_or_404(reading(), g.campaign, id, wall.SHELVES[shelf])
    except NotYours:
        return _gone("answer" if shelf == "answers" else "promise", form, f"comment:{id}")
    return take(comment_road(g.campaign, parent), form)


def _gone(what: str, form: PledgeForm | CommentForm, purpose: str) -> Response:
    """The receipt of what had been taken already; else the words, with why they cannot stand."""
    ticket = tokens.read_form_token(request.form.get("token", ""), purpose, utcnow())
    if ticket is not None and not form.errors:
        with suppress(FormUsed):  # it sent other words before: these are given back, like words of a fresh form
            again = intake.already(reading(), form.sent(ticket.nonce))
            if again is not None:
                return _to_receipt(again)
    return _gone_page(what, 404)


def _gone_page(why: str, status: int, **given: Any) -> Response:
    """What was written, to be copied; raises NotYours where there is nothing of it and nothing to tell."""
    written = Written.read(request.form)
    if status == 404 and not written.words:
        raise NotYours
    response = make_response(render_template("pledge/gone.html", why=why, written=written, **given), status)
    response.headers["Cache-Control"] = FORM
    return response


def comment_road(campaign: Campaign, parent: Contribution) -> Road:
    answered = _answered(campaign, parent)
    event = _event_asked(campaign, utcnow())

    def page(**given: Any) -> str:
        return _comment_form_page(
            parent=wall.piece(parent),
            answered=wall.piece(answered) if answered else None,
            event=event,
            event_says=_event_says(event),
            code_asked=_code_asked(),
            consents=consent_words(campaign, Type.COMMENT),
            **given,
        )

    return Road(
        purpose=f"comment:{parent.public_id}",
        limit="comments",
        page=page,
        store=_storing(campaign, event, parent=parent, reply_to=answered),
        taken=wall.takes_comments(campaign, parent),
        event=event,
    )


def _comment_form_page(*, form: CommentForm, preview: bool = False, **given: Any) -> str:
    """The form, with the words signed as they would stand where they were asked for as a preview."""
    by = wall.signature(form.sent(None), form.show_name) if preview else None
    return render_template("comment/form.html", form=form, preview=by, **{"trouble": "", "sent_before": "", **given})


def _answered(campaign: Campaign, parent: Contribution) -> Contribution | None:
    """The comment that is replied to; replies stand one level deep, so a reply to a reply stands beside it."""
    try:
        comment = wall.shown_or_404(reading(), campaign, request.values.get("reply_to", ""), Type.COMMENT)
    except NotYours:
        return None
    if comment.parent_id != parent.id:
        return None
    above = comment.reply_to
    return above if above is not None and above.shown_at is not None else comment


# Reports


@public.route("/<slug>/<any(promises, answers):shelf>/<id>/report", methods=["GET", "POST"])
def report(slug: str, shelf: str, id: str) -> ResponseReturnValue:
    return _report_of(id, wall.SHELVES[shelf])


@public.route("/<slug>/comments/<id>/report", methods=["GET", "POST"])
def report_comment(slug: str, id: str) -> ResponseReturnValue:
    return _report_of(id, Type.COMMENT)


def _report_of(id: str, type: Type) -> ResponseReturnValue:
    """The report of what stands there, or stood there when its form was handed out."""
    try:
        return _report(wall.shown_or_404(reading(), g.campaign, id, type))
    except NotYours:
        return _report_of_gone(id, type)


def _report_of_gone(id: str, type: Type) -> Response:
    """What was shown a moment ago can be reported though it has gone meanwhile: a person should hear of it all the same.

    Once it is erased there is nothing left to report, and the words of the report are given back.
    """
    form = ReportForm.read(request.form)
    ticket = tokens.read_form_token(request.form.get("token", ""), f"report:{id}", utcnow())
    if ticket is None:
        return _lost_report(form)
    known = _already_reported(form, ticket.nonce)
    if known is not None:
        return _reported_page(form, known)
    hidden = wall.hidden_since_shown(reading(), g.campaign, id, type)
    return _report(hidden, shown=False) if hidden is not None else _lost_report(form)


def _lost_report(form: ReportForm) -> Response:
    """What was written, to be copied; raises NotYours where there is nothing of it."""
    if not any(form.values.values()):
        raise NotYours
    response = make_response(render_template("pledge/gone.html", why="report", written=Written.of_report(form)), 404)
    response.headers["Cache-Control"] = FORM
    return response


def _already_reported(form: ReportForm, nonce: str) -> str | None:
    with suppress(FormUsed):  # it filed another report before, and of this one there is no reference
        return review_desk().already_reported(reading(), _complaint(form, nonce))
    return None


def _complaint(form: ReportForm, nonce: str) -> Complaint:
    return form.complaint(page_lang(), nonce, tokens.hash_network(limits_of(current_app).key()))


def _report(reported: Contribution, *, shown: bool = True) -> Response:
    """A complaint is filed under a reference, and nothing is taken off by it alone."""
    now = utcnow()
    _report_page = partial(_report_form_page, shown=shown)
    purpose = f"report:{reported.public_id}"
    if request.method == "GET":
        return _report_page(reported, ReportForm(), 200, tokens.new_form_token(purpose))
    form = ReportForm.read(request.form)
    ticket = tokens.read_form_token(request.form.get("token", ""), purpose, now)
    if form.errors:
        return _report_page(reported, form, 422, tokens.new_form_token(purpose))
    if ticket is None:
        return _report_page(reported, form, 422, tokens.new_form_token(purpose), trouble="aged")
    complaint = _complaint(form, ticket.nonce)
    try:
        known = review_desk().already_reported(reading(), complaint)
        if known is not None:
            return _reported_page(form, known)
        if ticket.aged:
            return _report_page(reported, form, 422, tokens.new_form_token(purpose), trouble="aged")
        return _file(reported, form, complaint, now, shown=shown)
    except FormUsed:
        return _report_page(reported, form, 422, tokens.new_form_token(purpose), trouble="used")


def _file(reported: Contribution, form: ReportForm, complaint: Complaint, now: datetime, *, shown: bool) -> Response:
    """The complaint is committed, or the form comes back with how long to wait."""
    wait = refusal("reports")
    if wait is not None:
        until = _clock(wait, now)
        told = {"trouble": _why(wait), "wait_until": until}
        page = _report_form_page(reported, form, wait.status, request.form["token"], shown=shown, **told)
        return _with_retry_after(page, wait)
    return _reported_page(form, _filed(reported, complaint, now))


def _filed(reported: Contribution, complaint: Complaint, now: datetime) -> str:
    """The reference; of two at once with one form, both get the same."""

    def filed() -> str:
        with transaction() as session:
            return review_desk().file_report(session, reported, complaint, now)

    try:
        return until_stored(filed)
    except IntegrityError:  # the other one was first: now it is found
        return until_stored(filed)


def _reported_page(form: ReportForm, reference: str) -> Response:
    response = make_response(render_template("comment/reported.html", reference=reference, form=form))
    response.headers["Cache-Control"] = PRIVATE
    return response


def _report_form_page(
    reported: Contribution, form: ReportForm, status: int, token: str, *, shown: bool, **happened: Any
) -> Response:
    """The form beside what it is about, whose words stand here only while they are `shown`."""
    page = render_template(
        "comment/report.html",
        form=form,
        token=token,
        trap=TRAP,
        reported=wall.piece(reported) if shown else None,
        is_comment=reported.type is Type.COMMENT,
        is_answer=reported.type is Type.ANSWER,
        back=address_of(reported, g.campaign) if shown else link("wall", slug=g.campaign.slug),
        categories=CATEGORIES,
        **{"trouble": "", **happened},
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = FORM
    return response


# The author's own page


@public.get("/receipt/<token>")
def receipt(token: str) -> ResponseReturnValue:
    """Status and what can be done; looking changes nothing."""
    own = _own_or_404(token)
    if request.args.get("do") == "edit" and own.withdrawn_at is None:
        return _privately(ask(edit_road(own, token), _as_sent(own)))
    return _privately(make_response(_receipt(own, token)))


@public.post("/receipt/<token>")
def act(token: str) -> ResponseReturnValue:
    """One act of the author, told by `act`."""
    wanted = request.form.get("act", "")
    if wanted not in ACTS:
        abort(400)
    try:
        own = _own_or_404(token)
    except NotYours:
        if wanted == "edit":
            return _privately(_gone_page("link", 404))
        _paced("receipts")
        return _done_before(token, wanted, utcnow())
    if wanted == "edit":
        return _privately(make_response(_edit(own, token)))
    _paced("receipts")
    now = utcnow()
    try:
        with transaction() as session:
            token = _done(session, own, wanted, token, now)
    except NotYours:  # erased in this very moment
        return _done_before(token, wanted, now)
    except NotNow:
        if not _is_done(own, wanted, now):
            raise
    return _erased(own) if wanted == "erase" else _to_done(token, wanted)


def _paced(kind: Kind) -> None:
    """Whoever sends too often is told how long to wait."""
    wait = refusal(kind)
    if wait is not None:
        abort(wait.status, retry_after=wait.retry_after_seconds)


def _to_done(token: str, wanted: str) -> Response:
    return _privately(make_response(redirect(link("receipt", token=token, done=wanted), code=303)))


def _is_done(own: Contribution, wanted: str, now: datetime) -> bool:
    """Whether this was done a moment ago and still holds, so that a second press is answered like the first."""
    if not erasure.asked_lately(reading(), own, wanted, now):
        return False
    return wanted != "appeal" or review_desk().standing(reading(), own, page_lang(), now).state == "waiting"


def _done_before(token: str, wanted: str, now: datetime) -> Response:
    """Erasing, which ended the link, is answered again for a while; all else by it is NotYours."""
    if wanted == "erase":
        gone = erasure.erased_lately(reading(), token, now)
        if gone is not None:
            speak_for(gone.campaign)
            return _erased(gone)
    raise NotYours


def _erased(gone: Contribution) -> Response:
    outside = asks_akismet(gone.campaign) or review_desk().asked_outside(reading(), gone)
    return _privately(make_response(render_template("receipt/erased.html", outside=outside)))


def _done(session: Session, own: Contribution, wanted: str, token: str, now: datetime) -> str:
    """The act is done; the token by which the page is found from now on."""
    desk = review_desk()
    match wanted:
        case "withdraw":
            erasure.withdraw(session, own, desk, now)
        case "restore":
            erasure.restore(session, own, desk, now)
        case "erase":
            erasure.erase(session, own, desk, now)
        case "hide_name":
            erasure.hide_name(session, own, _("Do not show my name"), now)
        case "appeal":
            _appeal(session, own, now)
        case "letters":
            _letters(session, own, now)
        case "wishes":
            _wishes(own, request.form.getlist("keep"), now)
        case "new_link":
            return erasure.new_link(session, own, now)
    return token


def _appeal(session: Session, own: Contribution, now: datetime) -> None:
    until = review_desk().standing(session, own, page_lang(), now).appeal_until
    if until is None or now >= until:
        raise NotNow
    erasure.appeal(session, own, review_desk(), now)


def _standing_wishes(own: Contribution) -> list[Consent]:
    """What the author asked for or agreed to beside being shown, and has not taken back."""
    return [consent for consent in own.consents if consent.purpose in WISHES and consent.withdrawn_at is None]


def _wishes(own: Contribution, keep: list[str], now: datetime) -> None:
    """What is not to be kept ends now; when it was agreed to stays known."""
    for consent in _standing_wishes(own):
        if consent.purpose not in keep:
            consent.withdrawn_at = now
            if consent.purpose == "follow_up" and own.contact is not None:
                own.contact.follow_up = False


def _letters(session: Session, own: Contribution, now: datetime) -> None:
    """Which letters are wanted; pressed on the page that the mailed link opens, it also proves the address."""
    if own.contact is None:
        raise NotNow
    if own.contact.proved_at is None and _is_proof(own, request.form.get("proof", "")):
        own.contact.proved_at = now
        review_desk().address_confirmed(session, own, now)
    own.contact.undeliverable_at, own.contact.undeliverable_code = None, ""  # its owner is here, and says what to send
    own.contact.letters_wanted = request.form.get("letters", "") != ""


def _is_proof(own: Contribution, proof: str) -> bool:
    """Whether `proof` stands in letters to this author's address alone."""
    return own.contact is not None and tokens.proves(proof, own.id, own.contact.email_hash)


def _own_or_404(token: str) -> Contribution:
    """What this link opens; raises NotYours. The campaign speaks from here on."""
    own = (
        reading()
        .scalars(
            select(Contribution).where(
                Contribution.receipt_hash == tokens.hash_token(token), Contribution.erased_at.is_(None)
            )
        )
        .first()
    )
    if own is None:
        raise NotYours
    speak_for(own.campaign)
    return own


def _receipt(own: Contribution, token: str) -> str:
    now = utcnow()
    address = settings().base_url + link("receipt", token=token)
    standing = review_desk().standing(reading(), own, page_lang(), now)
    return render_template(
        "receipt/show.html",
        own=own,
        p=wall.piece(own, own.latest),
        words=own.latest.words,
        standing=standing,
        happened=story.of(own, standing),
        token=token,
        address=address,
        qr=Markup(segno.make(address, error="m").svg_inline(scale=4, svgclass="qr", omitsize=True)),  # noqa: S704
        page=address_of(own, own.campaign),
        on_wall=own.shown_at is not None and (own.parent is None or own.parent.shown_at is not None),
        newer_waits=own.published_revision_id is not None and own.published_revision_id != own.latest.id,
        restore_until=erasure.restore_until(own),
        just_sent="sent" in request.args,
        proof=request.args["proof"] if _is_proof(own, request.args.get("proof", "")) else "",
        done=request.args.get("done", ""),
        held_back=guarding.stands_still(own.campaign, now),
        slower=guarding.on(own.campaign, "slower", now),
        named={own.show_name, own.latest.level} != {ShowName.ANONYMOUS},
        is_comment=own.type is Type.COMMENT,
        wishes=_standing_wishes(own),
        offered=OFFERED,
        called=first_name(own.latest.name),
        settings=settings(),
    )


def _privately(response: Response) -> Response:
    """Kept by no cache, told to no other site, found by no search engine."""
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _as_sent(own: Contribution) -> PledgeForm | CommentForm:
    maker = CommentForm if own.type is Type.COMMENT else PledgeForm
    return maker.of(own, own.latest, page_lang())


def _edit(own: Contribution, token: str) -> ResponseReturnValue:
    form: PledgeForm | CommentForm
    if own.type is Type.COMMENT:
        form = CommentForm.read(request.form, own.campaign, page_lang=page_lang(), editing=True)
    else:
        before = own.latest.by_when.isoformat() if own.latest.by_when else ""
        form = PledgeForm.read(
            request.form,
            own.campaign,
            own.type,
            page_lang=page_lang(),
            today=_today(utcnow()),
            editing=True,
            as_before=before,
        )
    road = edit_road(own, token)
    if own.withdrawn_at is None:
        with suppress(NotNow):  # withdrawn in this very moment: answered below, like what was withdrawn before
            return take(road, form)
    same = road.repeated(form.sent(None)) if not form.errors else None
    return _to_receipt(same) if same is not None else _gone_page("withdrawn", 409, receipt_token=token)


def edit_road(own: Contribution, token: str) -> Road:
    """The road of newer words: what is shown stays until they are approved.

    A form's token carries the number of the words it was made for, so it is used once newer ones have come.
    """
    campaign = own.campaign
    number = own.latest.number

    def repeated(sent: Sent) -> Receipt | None:
        return Receipt(own, token, fresh=False) if intake.says(own.latest, sent) else None

    def store(session: Session, sent: Sent, origin: Origin, now: datetime) -> Receipt:
        session.refresh(own)
        session.refresh(own, ["revisions"])
        again = repeated(sent)
        if again is not None:
            return again
        if own.latest.number != number:
            raise FormUsed
        intake.change(session, own, sent, origin, review_desk(), now=now)
        return Receipt(own, token, fresh=True)

    def page(*, form: PledgeForm | CommentForm, **given: Any) -> str:
        given = {"trouble": "", "own": own, "receipt_token": token, **given}
        if isinstance(form, CommentForm):
            assert own.parent is not None  # noqa: S101 (a comment has one, by constraint)
            return _comment_form_page(form=form, parent=None, answered=None, **given)
        return _pledge_form_page(campaign, own.question, None, None, form=form, **given)

    return Road(
        purpose=f"edit:{own.public_id}:{number}",
        limit="promises",
        page=page,
        store=store,
        sent_with=tuple(f"edit:{own.public_id}:{earlier}" for earlier in range(1, number)),
        repeated=repeated,
        event=wall.event_of(reading(), own, utcnow()),
    )


@public.route("/send-link", methods=["GET", "POST"])
def send_link() -> ResponseReturnValue:
    """'Send me my link again': the answer is the same whether we know the address or not."""
    _speak_for_the_only_one()
    if request.method == "GET":
        return _link_page(AddressForm(), 200)
    form = AddressForm.read(request.form)
    if form.errors:
        return _link_page(form, 422)
    wait = refusal("letters", email=form["email"])
    if wait is not None and wait.status == 503:
        abort(503, retry_after=wait.retry_after_seconds)
    if wait is not None:
        return _with_retry_after(_link_page(form, wait.status, trouble="wait", wait_until=_clock(wait, utcnow())), wait)
    now = utcnow()
    with transaction() as session:
        review_desk().ask_for_links(session, tokens.hashes_of_email(form["email"]), page_lang(), now)
    review_desk().links_asked()
    return _privately(make_response(render_template("receipt/link_sent.html", form=form)))


def _link_page(form: AddressForm, status: int, **happened: Any) -> Response:
    response = make_response(render_template("receipt/link.html", form=form, **{"trouble": "", **happened}), status)
    response.headers["Cache-Control"] = FORM
    return response


# Pages that explain


def _speak_for_the_only_one() -> None:
    """Where one campaign has the whole site, its name and language stand on every page."""
    found = wall.shown_campaigns(reading())
    if len(found) == 1:
        speak_for(found[0])


def _speak_for_the_one_asked() -> Campaign | None:
    """`?campaign=` names whose rules are meant; without it, those of the only campaign, if there is one."""
    slug = request.args.get("campaign", "")
    if slug:
        speak_for(wall.campaign_or_404(reading(), slug))
    else:
        _speak_for_the_only_one()
    return g.get("campaign")


@public.get("/house-rules", defaults={"name": "house_rules"})
def house_rules(name: str) -> ResponseReturnValue:
    rules = review_desk().house_rules(reading(), _speak_for_the_one_asked())
    response = make_response(render_template("page/house_rules.html", rules=rules, settings=settings()))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@public.get("/privacy", defaults={"name": "privacy"})
@public.get("/accessibility", defaults={"name": "accessibility"})
@public.get("/help", defaults={"name": "help"})
def page(name: str) -> ResponseReturnValue:
    _speak_for_the_only_one()
    response = make_response(render_template(f"page/{name}.html", settings=settings()))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@upkeep.get("/healthz")
def alive() -> ResponseReturnValue:
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@upkeep.get("/readyz")
def ready() -> ResponseReturnValue:
    """Which parts answer; 503 where one does not. One that works by a stand-in is degraded, and the wall stays open."""
    checks: dict[str, Callable[[], object]] = {
        "database": _can_store,
        "limiter": limits_of(current_app).health,
        **current_app.extensions.get(READY, {}),
    }
    found = {name: _answers(name, check) for name, check in checks.items()}
    body = "".join(f"{name} {said}\n" for name, said in found.items())
    return Response(
        body,
        status=503 if "down" in found.values() else 200,
        mimetype="text/plain",
        headers={"Cache-Control": "no-store"},
    )


def _can_store() -> bool:
    """Reading is not enough: a wall that can store nothing is not ready."""
    reading().execute(text("SELECT 1"))
    cause = current_app.extensions[WRITABLE].cause()
    if cause:
        complaints.warn(f"nothing can be stored: {cause}")
    return not cause


def _answers(name: str, check: Callable[[], object]) -> str:
    """`ok`, `degraded` or `down`."""
    try:
        said = check()
    except Exception:  # any failure of a part is the answer to the question whether it is ready
        log.exception("%s is not ready", name)
        return "down"
    if said in ("degraded", "down"):
        return str(said)
    return "down" if said is False else "ok"
