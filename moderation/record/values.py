"""The values of a line of the record, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import format_date, format_datetime, get_locale, get_timezone, gettext, lazy_gettext
from sqlalchemy.orm import Session

from moderation import permissions
from moderation.models import HoldEffect, HoldKind, Moderator, Reason, WordEffect
from moderation.workflow import FATES
from pledges import ends
from pledges.intake.forms.update import STATUSES
from pledges.models import Campaign, ShowName

WORDS: dict[str, Any] = {
    "review:approve": lazy_gettext("approved"),
    "review:reject": lazy_gettext("declined"),
    "review:revise": lazy_gettext("asked for a change"),
    "review:spam": lazy_gettext("called it spam"),
    "review:reopen": lazy_gettext("put it back into the queue"),
    "review:undo": lazy_gettext("took the last decision back"),
    "review:park": lazy_gettext("laid it aside"),
    "review:pass": lazy_gettext("passed it on"),
    "review:back": lazy_gettext("put it back after it was laid aside"),
    "review:unmark": lazy_gettext("put it back where it was"),
    "review:thaw": lazy_gettext("showed what was approved while the wall stood still"),
    "review:propose": lazy_gettext("asked for a second person"),
    "review:take_down": lazy_gettext("took it down"),
    "review:take-over": lazy_gettext("took it over from a colleague"),
    "review:set_aside": lazy_gettext("took it out of a reading sheet"),
    "name:lessen": lazy_gettext("let less of its author’s name be shown"),
    "step:hide": lazy_gettext("took off what its author told of how it goes"),
    "note:write": lazy_gettext("wrote a private note"),
    "note:remove": lazy_gettext("removed a private note"),
    "batch:reject": lazy_gettext("declined many at once"),
    "batch:spam": lazy_gettext("called many spam at once"),
    "batch:park": lazy_gettext("laid many aside at once"),
    "batch:pass": lazy_gettext("passed many on at once"),
    "batch:approve": lazy_gettext("approved a reading sheet"),
    "batch:undo": lazy_gettext("took many decisions back at once"),
    "review:second": lazy_gettext("put to a second person what one had decided alone"),
    "reasons:copy": lazy_gettext("gave the campaign reasons of its own"),
    "reason:add": lazy_gettext("added a reason"),
    "reason:edit": lazy_gettext("changed a reason"),
    "reason:retire": lazy_gettext("retired a reason"),
    "reason:move": lazy_gettext("moved a reason"),
    "house_rules:copy": lazy_gettext("gave the campaign house rules of its own"),
    "house_rule:add": lazy_gettext("added a house rule"),
    "house_rule:edit": lazy_gettext("changed a house rule"),
    "house_rule:retire": lazy_gettext("retired a house rule"),
    "word_rule:add": lazy_gettext("listed a word"),
    "word_rule:retire": lazy_gettext("took a word off the list"),
    "organisation:merge": lazy_gettext("said that two organisations are the same"),
    "organisation:part": lazy_gettext("said that two organisations are two after all"),
    "organisation:prove": lazy_gettext("said that somebody speaks for an organisation"),
    "organisation:decline": lazy_gettext("did not confirm that somebody speaks for an organisation"),
    "organisation:end": lazy_gettext("took the badge of an organisation away"),
    "organisation:hand-over": lazy_gettext("handed the badge of an organisation to a colleague"),
    "organisation:end-link": lazy_gettext("ended the link for the colleagues of an organisation"),
    "organisation:logo": lazy_gettext("let the logo of an organisation be shown"),
    "organisation:no-logo": lazy_gettext("declined the logo of an organisation, or took it off"),
    "shared_domain:add": lazy_gettext("listed a domain that proves nothing"),
    "shared_domain:let": lazy_gettext("let a domain prove its organisation"),
    "shared_domain:end": lazy_gettext("took a domain off the list"),
    "queue:hand": lazy_gettext("was handed items of the queue"),
    "queue:give-back": lazy_gettext("gave items of the queue back"),
    "author:find": lazy_gettext("looked for an author by an address"),
    "moderator:invite": lazy_gettext("invited somebody"),
    "moderator:join": lazy_gettext("took a role"),
    "moderator:leave": lazy_gettext("let somebody leave"),
    "moderator:role-end": lazy_gettext("ended a role"),
    "moderator:renew": lazy_gettext("renewed somebody’s password and second factor"),
    "moderator:name": lazy_gettext("changed their own name"),
    "moderator:session-end": lazy_gettext("ended a session"),
    "moderator:passkey": lazy_gettext("added a passkey"),
    "moderator:passkey-removed": lazy_gettext("removed a passkey"),
    "moderator:recovery-code": lazy_gettext("signed in with a recovery code"),
    "key:give": lazy_gettext("gave a partner a key"),
    "key:end": lazy_gettext("ended a partner’s key"),
    "webhook:add": lazy_gettext("added a webhook"),
    "webhook:secret": lazy_gettext("changed the secret of a webhook"),
    "webhook:end": lazy_gettext("ended a webhook"),
    "surge:start": lazy_gettext("started surge mode"),
    "surge:change": lazy_gettext("changed the switches of surge mode"),
    "surge:end": lazy_gettext("ended surge mode"),
    "surge:help": lazy_gettext("asked for help"),
    "expected:add": lazy_gettext("told of a day on which much is expected"),
    "expected:end": lazy_gettext("took back that much is expected on a day"),
    "hold:add": lazy_gettext("put something on the lists"),
    "hold:end": lazy_gettext("took something off the lists"),
    "hold:over": lazy_gettext("ended an entry of the lists whose time was over"),
    "campaign:state": lazy_gettext("opened or closed the campaign"),
    "campaign:sites": lazy_gettext("changed which sites may frame the wall"),
    "campaign:turn-to": lazy_gettext("changed where people are told to turn"),
    "campaign:invite": lazy_gettext("invited who took part before"),
    "campaign:target": lazy_gettext("set the target of the campaign"),
    "campaign:event": lazy_gettext("handed out an event code"),
    "campaign:event-end": lazy_gettext("ended an event code"),
}


def who(session: Session, actor: str) -> str:
    """The name behind an actor of the record, or a subject that is one of the moderators."""
    kind, _, number = actor.partition(":")
    if kind == "moderator":
        moderator = session.get(Moderator, int(number))
        return moderator.name if moderator is not None else actor
    return {
        "program": gettext("The program"),
        "operator": gettext("Who runs the wall"),
        "author": gettext("Sender"),
    }.get(actor, actor)


OUTCOMES: dict[str, Any] = {
    "open": lazy_gettext("to come"),
    "done": lazy_gettext("done"),
    "undone": lazy_gettext("undone"),
    "refused": lazy_gettext("refused"),
    "overtaken": lazy_gettext("somebody was quicker"),
}
HOLD_KINDS = {
    HoldKind.NETWORK: lazy_gettext("Network"),
    HoldKind.DOMAIN: lazy_gettext("Mail domain"),
    HoldKind.PHRASE: lazy_gettext("Phrase"),
}
HOLD_EFFECTS = {
    HoldEffect.HOLD: lazy_gettext("keep apart"),
    HoldEffect.MASK: lazy_gettext("keep apart and hide the text"),
}
NAME_LEVELS = {
    ShowName.FULL: lazy_gettext("the full name"),
    ShowName.FIRST: lazy_gettext("the first name"),
    ShowName.ROLE: lazy_gettext("the role alone"),
    ShowName.ORGANISATION: lazy_gettext("the organisation"),
    ShowName.ANONYMOUS: lazy_gettext("no name"),
}
SAID: dict[str, dict[Any, Any]] = {  # values that are codes, by the name they stand under
    "kind": HOLD_KINDS,
    "effect": {
        **HOLD_EFFECTS,
        "let_be": lazy_gettext("let be"),  # of lines that older programs wrote
        WordEffect.RAISE: lazy_gettext("mark it"),
        WordEffect.ALLOW: lazy_gettext("let be"),
    },
    "why": {
        "hand": lazy_gettext("by hand"),
        "arrivals": lazy_gettext("many arrivals"),
        "refusals": lazy_gettext("many refusals"),
        "words": lazy_gettext("many listed words"),
        "spam": lazy_gettext("much spam"),
        "likeness": lazy_gettext("the same words again and again"),
    },
    "second": {"nobody": lazy_gettext("nobody to second it")},
    "state": FATES,
    "progress": STATUSES,
    "level": NAME_LEVELS,
    "role": permissions.ROLE_NAMES,
}
NAMES: dict[str, Any] = {
    "state": lazy_gettext("state"),
    "shown": lazy_gettext("shown revision"),
    "revision": lazy_gettext("digest of the words"),
    "reason": lazy_gettext("reason"),
    "more_reasons": lazy_gettext("more reasons"),
    "proposes": lazy_gettext("proposes"),
    "second": lazy_gettext("second opinion"),
    "decision": lazy_gettext("decision"),
    "to": lazy_gettext("passed to"),
    "holder": lazy_gettext("held by"),
    "until": lazy_gettext("until"),
    "role": lazy_gettext("role"),
    "campaign": lazy_gettext("campaign"),
    "sites": lazy_gettext("sites"),
    "counts": lazy_gettext("how many"),
    "cluster": lazy_gettext("group"),
    "reviews": lazy_gettext("items"),
    "promises": lazy_gettext("promises"),
    "comments": lazy_gettext("comments"),
    "letters": lazy_gettext("letters"),
    "screens": lazy_gettext("screens"),
    "slower": lazy_gettext("slower than usual"),
    "why": lazy_gettext("why"),
    "kind": lazy_gettext("kind"),
    "effect": lazy_gettext("effect"),
    "hold": lazy_gettext("entry"),
    "ends": lazy_gettext("ends"),
    "ends_at": lazy_gettext("ends"),
    "ceiling": lazy_gettext("at most"),
    "day": lazy_gettext("day"),
    "level": lazy_gettext("name"),
    "about": lazy_gettext("about"),
    "progress": lazy_gettext("how it goes"),
    "target": lazy_gettext("target"),
    "from": lazy_gettext("from"),
    "invited": lazy_gettext("letters"),
    "proved": lazy_gettext("proved by"),
}
NOT_IN_WORDS = 12  # characters of a digest or a key that has no words


def zone_of(session: Session, campaign_id: int | None) -> str:
    """Where days begin of what this line speaks of."""
    campaign = session.get(Campaign, campaign_id) if campaign_id is not None else None
    return campaign.time_zone if campaign is not None else str(get_timezone())


def values_told(session: Session, told: dict[str, Any], zone: str) -> str:
    """What the line says in words: names and states; numbers, and the first letters of digests, as they were written."""
    said = {name: value for name, value in told.items() if value is not None}
    return ", ".join(f"{NAMES.get(name, name)}: {_value(session, name, value, zone)}" for name, value in said.items())


def _value(session: Session, name: str, value: Any, zone: str) -> str:
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    if isinstance(value, dict):
        return ", ".join(f"{OUTCOMES.get(key, key)} {count}" for key, count in value.items())
    if name in SAID:
        return str(SAID[name].get(value, value))
    if name in ENDS:
        return _end(value, zone)
    if name in _READ:
        return str(_READ[name](session, value))
    if name in ("reason", "more_reasons"):
        return ", ".join(_reason(session, number) for number in (value if isinstance(value, list) else [value]))
    return str(value)[:NOT_IN_WORDS]


ENDS = ("until", "ends", "ends_at")


def _end(value: str, zone: str) -> str:
    end = ends.last_moment(datetime.fromisoformat(value), zone)
    return str(format_datetime(end, "d MMM y, HH:mm", rebase=False))


def _date(_session: Session, value: str) -> str:
    return str(format_date(date.fromisoformat(value), "d MMM y"))


def _person(session: Session, number: int) -> str:
    return who(session, f"moderator:{number}")


def campaign(session: Session, number: int) -> str:
    campaign = session.get(Campaign, number)
    return campaign.slug if campaign is not None else str(number)


def _reason(session: Session, number: int) -> str:
    reason = session.get(Reason, number)
    return reason.name.in_(str(get_locale() or "en")) if reason is not None else str(number)


_READ: dict[str, Callable[[Session, Any], Any]] = {
    "proposes": lambda _session, move: WORDS.get(f"review:{move}", move),
    "to": _person,
    "holder": _person,
    "campaign": campaign,
    "day": _date,
}
