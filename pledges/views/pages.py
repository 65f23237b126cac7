"""Pages that stand by themselves: house rules, privacy, help, and asking for a lost link."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue

from pledges import tokens
from pledges.campaigns import finding
from pledges.db import reading, transaction, utcnow
from pledges.intake.allowance import clock, refusal
from pledges.intake.door import review_desk
from pledges.intake.forms.base import AddressForm
from pledges.intake.road import with_retry_after
from pledges.models import Campaign
from pledges.settings import settings
from pledges.web.caching import FORM, kept, shared_by_all
from pledges.web.language import page_lang, speak_for

from .base import public
from .receipt import privately


@public.route("/send-link", methods=["GET", "POST"])
@kept()
def send_link() -> ResponseReturnValue:
    """'Send me my link again': the answer is the same whether we know the address or not."""
    _speak_for_the_only_one()
    if request.method == "GET":
        return shared_by_all(lambda: _link_page(AddressForm(), 200))
    form = AddressForm.read(request.form)
    if form.errors:
        return _link_page(form, 422)
    wait = refusal("letters", email=form["email"])
    if wait is not None and wait.status == 503:
        abort(503, retry_after=wait.retry_after_seconds)
    if wait is not None:
        return with_retry_after(_link_page(form, wait.status, trouble="wait", wait_until=clock(wait, utcnow())), wait)
    now = utcnow()
    with transaction() as session:
        review_desk().ask_for_links(session, tokens.hashes_of_email(form["email"]), page_lang(), now)
    review_desk().links_asked()
    return privately(make_response(render_template("receipt/link_sent.html", form=form)))


def _link_page(form: AddressForm, status: int, **happened: Any) -> Response:
    response = make_response(render_template("receipt/link.html", form=form, **{"trouble": "", **happened}), status)
    response.headers["Cache-Control"] = FORM
    return response


# Pages that explain


def _speak_for_the_only_one() -> None:
    """Where one campaign has the whole site, its name and language stand on every page."""
    found = finding.shown_campaigns(reading())
    if len(found) == 1:
        speak_for(found[0])


def _speak_for_the_one_asked() -> Campaign | None:
    """`?campaign=` names whose rules are meant; without it, those of the only campaign, if there is one."""
    slug = request.args.get("campaign", "")
    if slug:
        speak_for(finding.campaign_or_404(reading(), slug))
    else:
        _speak_for_the_only_one()
    return g.get("campaign")


@public.get("/house-rules", defaults={"name": "house_rules"})
@kept()
def house_rules(name: str) -> ResponseReturnValue:
    return shared_by_all(_house_rules)


def _house_rules() -> str:
    rules = review_desk().house_rules(reading(), _speak_for_the_one_asked())
    return render_template("page/house_rules.html", rules=rules, settings=settings())


@public.get("/privacy", defaults={"name": "privacy"})
@public.get("/accessibility", defaults={"name": "accessibility"})
@public.get("/help", defaults={"name": "help"})
@kept()
def page(name: str) -> ResponseReturnValue:
    return shared_by_all(lambda: _page(name))


def _page(name: str) -> str:
    _speak_for_the_only_one()
    return render_template(f"page/{name}.html", settings=settings())
