"""The numbered house rules, each with worked examples: the usual ones, and those that a campaign makes its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from moderation.models import HouseRule, Moderator
from moderation.record import chain
from pledges.campaigns import versions
from pledges.db import Translated
from pledges.models import Campaign

from .reasons import lock

WORDS_CHARS, EXAMPLE_CHARS = 400, 300
MOST = 20

# words en, cy; an example that may stand en, cy; one that may not en, cy
USUAL: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("Speak for yourself. Promise what you, or your organisation, will do. Do not promise for others.",
     "Siaradwch drosoch chi’ch hun. Addewch yr hyn y byddwch chi, neu eich sefydliad, yn ei wneud. Peidiwch ag addo dros"
     " eraill.",
     "I will ask my team what gets in their way, and change one thing by Easter.",
     "Byddaf yn gofyn i fy nhîm beth sydd yn eu ffordd, ac yn newid un peth erbyn y Pasg.",
     "Head teachers will finally do their jobs.",
     "Bydd penaethiaid yn gwneud eu gwaith o’r diwedd."),
    ("No hate. Nothing that puts people down for their race, religion, sex, disability, age, or whom they love; no"
     " threats, no insults.",
     "Dim casineb. Dim byd sy’n bychanu pobl oherwydd eu hil, crefydd, rhyw, anabledd, oedran, neu bwy maen nhw’n eu"
     " caru; dim bygythiadau, dim sarhad.",
     "When somebody is called a name at work, I will speak up there and then.",
     "Pan fydd rhywun yn cael ei alw’n enw yn y gwaith, byddaf yn codi llais yn y fan a’r lle.",
     "People like them should go back to where they came from.",
     "Dylai pobl fel nhw fynd yn ôl i ble y daethon nhw."),
    ("Keep private things private. No telephone numbers, addresses or health details, neither yours nor other"
     " people’s.",
     "Cadwch bethau preifat yn breifat. Dim rhifau ffôn, cyfeiriadau na manylion iechyd, eich rhai chi na rhai pobl"
     " eraill.",
     "I will make our meetings easier for deaf colleagues.",
     "Byddaf yn gwneud ein cyfarfodydd yn haws i gydweithwyr byddar.",
     "Ring me on 07700 900123 and I will tell you about my neighbour’s illness.",
     "Ffoniwch fi ar 07700 900123 ac fe ddyweda i am salwch fy nghymydog."),
    ("Protect children. Nothing that tells which child it is about: no name with a school, a class or a place.",
     "Diogelwch blant. Dim byd sy’n dangos pa blentyn sydd dan sylw: dim enw gydag ysgol, dosbarth neu le.",
     "Our class will welcome everybody who is new.",
     "Bydd ein dosbarth yn croesawu pawb sy’n newydd.",
     "I will look after Sam B. in 4C at Hill School.",
     "Byddaf yn gofalu am Sam B. yn 4C yn Ysgol y Bryn."),
    ("Name nobody as guilty. Do not accuse a person or an organisation here. There are better places, and we can tell"
     " you which.",
     "Peidiwch ag enwi neb fel un euog. Peidiwch â chyhuddo person na sefydliad yma. Mae lleoedd gwell, a gallwn ddweud"
     " wrthych pa rai.",
     "I was treated unfairly, and I will help others to report it.",
     "Cefais fy nhrin yn annheg, a byddaf yn helpu eraill i roi gwybod amdano.",
     "J. Example of the council is a racist and everybody knows it.",
     "Mae J. Enghraifft o’r cyngor yn hiliol ac mae pawb yn gwybod."),
    ("Be who you are. Do not write in somebody else’s name, and do not copy other people’s work.",
     "Byddwch yn chi’ch hun. Peidiwch ag ysgrifennu yn enw rhywun arall, a pheidiwch â chopïo gwaith pobl eraill.",
     "I work in a hospital, and I will ask how to say a name that I do not know.",
     "Rwy’n gweithio mewn ysbyty, a byddaf yn gofyn sut i ddweud enw nad wyf yn ei wybod.",
     "We, the Department, promise free meals for all. (Sent by somebody else.)",
     "Rydym ni, yr Adran, yn addo prydau am ddim i bawb. (Anfonwyd gan rywun arall.)"),
    ("No advertising. No selling, no campaigning for a party, no links that lead away for no reason.",
     "Dim hysbysebu. Dim gwerthu, dim ymgyrchu dros blaid, dim dolenni sy’n arwain i ffwrdd heb reswm.",
     "Our shop will hire without asking for names first.",
     "Bydd ein siop yn cyflogi heb ofyn am enwau’n gyntaf.",
     "Book our diversity course now with 20% off.",
     "Archebwch ein cwrs amrywiaeth nawr gyda 20% oddi ar y pris."),
    ("Nothing against the law. What the law forbids has no place here, and in serious cases we tell the police.",
     "Dim byd yn erbyn y gyfraith. Nid oes lle yma i’r hyn y mae’r gyfraith yn ei wahardd, ac mewn achosion difrifol"
     " byddwn yn dweud wrth yr heddlu.",
     "I will write to my MP about the law that I want to change.",
     "Byddaf yn ysgrifennu at fy AS am y gyfraith yr wyf am ei newid.",
     "Meet at six, and bring what breaks windows.",
     "Dewch am chwech, a dewch â’r hyn sy’n torri ffenestri."),
)  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A rule as somebody wants it."""

    words: Mapping[str, str]
    allowed: Mapping[str, str]
    declined: Mapping[str, str]

    def lacking(self, languages: list[str]) -> list[tuple[str, str]]:
        """In which languages the rule itself is missing; examples are welcome, not required."""
        return [("words", lang) for lang in languages if not self.words.get(lang)]


def add_usual(session: Session, now: datetime) -> None:
    """The usual rules stand, once, as they are written above, for campaigns without rules of their own."""
    standing = {rule.number: rule for rule in _standing(session, None)}
    for number, (en, cy, allowed_en, allowed_cy, declined_en, declined_cy) in enumerate(USUAL, start=1):
        draft = Draft(
            {"en": en, "cy": cy}, {"en": allowed_en, "cy": allowed_cy}, {"en": declined_en, "cy": declined_cy}
        )
        old = standing.get(number)
        if old is not None and (old.words, old.allowed, old.declined) == (draft.words, draft.allowed, draft.declined):
            continue
        if old is not None:
            old.retired_at = now
        session.add(_made(draft, None, number, None, now))
    session.flush()
    versions.touch_all(session)


def rules_of(session: Session, campaign_id: int | None) -> list[HouseRule]:
    """The rules that hold in this campaign, by number: its own, else the usual ones."""
    here = [
        HouseRule.campaign_id.is_(None),
        *([HouseRule.campaign_id == campaign_id] if campaign_id is not None else []),
    ]
    rules = select(HouseRule).where(or_(*here), HouseRule.retired_at.is_(None)).order_by(HouseRule.number)
    found = list(session.scalars(rules))
    return [rule for rule in found if rule.campaign_id is not None] or found


def own(session: Session, campaign_id: int) -> list[HouseRule]:
    return _standing(session, campaign_id)


def _standing(session: Session, campaign_id: int | None) -> list[HouseRule]:
    where = HouseRule.campaign_id.is_(None) if campaign_id is None else HouseRule.campaign_id == campaign_id
    return list(
        session.scalars(select(HouseRule).where(where, HouseRule.retired_at.is_(None)).order_by(HouseRule.number))
    )


def copy_usual(session: Session, campaign: Campaign, by: Moderator, now: datetime) -> int:
    """The campaign has the usual rules as its own; nothing where it has its own already."""
    lock(session, campaign)
    if own(session, campaign.id):
        return 0
    usual = _standing(session, None)
    for rule in usual:
        session.add(_made(Draft(rule.words, rule.allowed, rule.declined), campaign.id, rule.number, by, now))
    session.flush()
    _note(session, by, "house_rules:copy", f"campaign:{campaign.id}", now, campaign_id=campaign.id)
    return len(usual)


def add(session: Session, campaign: Campaign, draft: Draft, by: Moderator, now: datetime) -> HouseRule | None:
    """One more rule, with the next number; none where there are as many as anybody reads."""
    copy_usual(session, campaign, by, now)
    numbers = [rule.number for rule in own(session, campaign.id)]
    if len(numbers) >= MOST:
        return None
    rule = _made(draft, campaign.id, max(numbers, default=0) + 1, by, now)
    session.add(rule)
    session.flush()
    _note(session, by, "house_rule:add", f"house_rule:{rule.id}", now, campaign_id=rule.campaign_id)
    return rule


def edit(session: Session, rule: HouseRule, draft: Draft, by: Moderator, now: datetime) -> HouseRule:
    """A new row stands under the same number; the old one is kept, for what was decided by it."""
    newer = _made(draft, rule.campaign_id, rule.number, by, now)
    rule.retired_at = now
    session.add(newer)
    session.flush()
    _note(session, by, "house_rule:edit", f"house_rule:{newer.id}", now, rule.id, newer.campaign_id)
    return newer


def retire(session: Session, rule: HouseRule, by: Moderator, now: datetime) -> None:
    """It holds no longer; the numbers of the others stay, since decisions and letters name them."""
    rule.retired_at = now
    session.flush()
    _note(session, by, "house_rule:retire", f"house_rule:{rule.id}", now, campaign_id=rule.campaign_id)


def _made(draft: Draft, campaign_id: int | None, number: int, by: Moderator | None, now: datetime) -> HouseRule:
    return HouseRule(
        campaign_id=campaign_id,
        number=number,
        words=Translated(draft.words),
        allowed=Translated(draft.allowed),
        declined=Translated(draft.declined),
        made_at=now,
        made_by_id=by.id if by else None,
    )


def _note(
    session: Session,
    by: Moderator,
    act: str,
    subject: str,
    now: datetime,
    before: int | None = None,
    campaign_id: int | None = None,
) -> None:
    """The change stands in the record, and pages that show the rules are out of date."""
    if campaign_id is not None:
        versions.touch(session, campaign_id)
    else:
        versions.touch_all(session)
    told = {"house_rule": before} if before else {}
    chain.add(session, chain.actor(by), act, subject, before=told, campaign_id=campaign_id, now=now)
