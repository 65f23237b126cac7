"""What the quick checks would notice in words that are not sent yet: named once to whoever wrote them, and kept nowhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.checks import links, personal, repeats, words
from moderation.checks.base import Earlier, Subject
from moderation.screening.run import listed
from pledges.intake.door import Noticed
from pledges.intake.sent import Sent
from pledges.models import Campaign, Contribution, Kind, Revision
from pledges.revisions import repeat_key

COMPARED = 100  # promises that stand on the wall, the newest
CHILD_RULES, CLASS_RULES = {"child_and_class"}, {"class_beside_name", "age"}
BY_RULE = {"phone": "telephone", "email": "email", "postcode": "address", "address": "address"}


def noticed(session: Session, campaign: Campaign, sent: Sent, now: datetime) -> list[Noticed]:
    """Each kind once, with the first place of it; whatever is not public yet is compared with nothing."""
    subject = _subject(session, campaign, sent, now)
    found = _personal(subject)
    if links.check(subject).quotes:
        found.append(Noticed("links"))
    if words.check(subject).quotes:
        found.append(Noticed("listed"))
    alike = repeats.check(subject).detail
    for id in [*alike.get("equal", ()), *alike.get("similar", ())][:1]:
        found.append(Noticed("repeat", id=id))
    return found


def _personal(subject: Subject) -> list[Noticed]:
    texts = subject.texts()
    found: dict[str, str] = {}
    for quote in personal.check(subject).quotes:
        found.setdefault(
            kind_of(quote.rule, from_child=subject.from_child), texts[quote.field][quote.start : quote.end]
        )
    return [Noticed(kind, said) for kind, said in found.items()]


def kind_of(rule: str, *, from_child: bool) -> str:
    """What a rule of the check for personal data is called to an author."""
    if rule in CHILD_RULES or (rule in CLASS_RULES and from_child):
        return "child"
    return "class" if rule in CLASS_RULES else BY_RULE.get(rule, "personal_data")


def _subject(session: Session, campaign: Campaign, sent: Sent, now: datetime) -> Subject:
    themes = {theme.id: theme.title for theme in campaign.themes}
    lang = campaign.languages[0] if campaign.languages else "en"
    return Subject(
        kind=str(sent.type),
        reply=False,
        words=sent.words,
        more=sent.how_we_will_know,
        actions="\n".join(words for words, _by in sent.actions),
        name=sent.name,
        first_name=sent.first_name if sent.first_name not in sent.name else "",
        role=sent.role,
        organisation=sent.organisation,
        website=sent.website,
        email=sent.email,
        lang=sent.lang,
        campaign_langs=list(campaign.languages),
        title=campaign.title.in_(lang),
        context=[themes[sent.theme_id].in_(lang)] if sent.theme_id in themes else [],
        edited=False,
        recheck=False,
        submitted_at=now,
        ip="",
        user_agent="",
        referrer="",
        permalink="",
        accept_language="",
        seconds_on_form=None,
        trap_name="",
        trap_value=None,
        akismet_mode="off",
        from_child=campaign.through_teacher,
        from_organisation=sent.kind is Kind.ORGANISATION,
        listed=listed(session, campaign.id),
        earlier=_on_the_wall(session, campaign, sent),
    )


def _on_the_wall(session: Session, campaign: Campaign, sent: Sent) -> list[Earlier]:
    shown = (
        select(Contribution.public_id, Revision.words)
        .join(Revision, Revision.id == Contribution.published_revision_id)
        .where(
            Contribution.campaign_id == campaign.id,
            Contribution.type == sent.type,
            Contribution.shown_at.is_not(None),
        )
        .order_by(Contribution.shown_at.desc(), Contribution.id.desc())
    )
    copies = session.execute(shown.where(Revision.repeat_key == repeat_key(sent.words)).limit(1)).all()
    latest = session.execute(shown.limit(COMPARED)).all()
    return [Earlier(id, text) for id, text in dict.fromkeys([tuple(row) for row in (*copies, *latest)])]
