"""Why words are declined or a change is asked for: the usual reasons, and those that campaigns make their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from moderation.models import Decision, Moderator, Reason
from moderation.record import chain
from pledges.db import Translated
from pledges.models import Campaign

REJECT = "reject"
REVISE = "revise"
USES = (REJECT, REVISE)
NAME_CHARS, WORDS_CHARS, NOTE_CHARS = 80, 500, 500

# use, key, house rule, name en, name cy, words en, words cy, needs a second moderator
USUAL: tuple[tuple[str, str, int | None, str, str, str, str, bool], ...] = (
    (REJECT, "hateful", 2, "Racist or hateful", "Hiliol neu atgas",
     "Our house rules do not allow words that attack people for who they are or where they come from.",
     "Nid yw rheolau’r tŷ yn caniatáu geiriau sy’n ymosod ar bobl am bwy ydyn nhw neu o ble maen nhw’n dod.", False),
    (REJECT, "attack", 5, "Attacks a person", "Ymosod ar berson",
     "Our house rules do not allow words that attack or accuse a named person.",
     "Nid yw rheolau’r tŷ yn caniatáu geiriau sy’n ymosod ar berson a enwir neu’n ei gyhuddo.", True),
    (REJECT, "personal_data", 3, "Shares personal data", "Rhannu data personol",
     "It holds details by which somebody could be found or recognised. Please send it again without them.",
     "Mae’n cynnwys manylion a allai ddangos pwy yw rhywun neu ble mae. Anfonwch ef eto hebddynt.", False),
    (REJECT, "selling", 7, "Spam or selling", "Sbam neu werthu",
     "It advertises something, and this wall is for promises alone.",
     "Mae’n hysbysebu rhywbeth, ac ar gyfer addewidion yn unig y mae’r wal hon.", False),
    (REJECT, "off_topic", 1, "Not a promise", "Nid addewid",
     "It does not say what you will do. Please write one thing that you will do yourself.",
     "Nid yw’n dweud beth wnewch chi. Ysgrifennwch un peth y byddwch chi’ch hun yn ei wneud.", False),
    (REJECT, "illegal", 8, "Against the law", "Yn erbyn y gyfraith",
     "It may be against the law, so it cannot be shown.",
     "Gallai fod yn erbyn y gyfraith, felly ni ellir ei ddangos.", True),
    (REJECT, "impersonation", 6, "Speaks for somebody else", "Siarad ar ran rhywun arall",
     "We could not make sure that it comes from the person or organisation that it names.",
     "Ni allem sicrhau ei fod yn dod gan y person neu’r sefydliad y mae’n ei enwi.", True),
    (REJECT, "other", None, "Something else", "Rhywbeth arall",
     "It does not fit this campaign’s house rules.",
     "Nid yw’n cyd-fynd â rheolau tŷ’r ymgyrch hon.", False),
    (REVISE, "names", 3, "Leave out a name or detail", "Gadael enw neu fanylyn allan",
     "Please leave out the name or detail by which somebody could be recognised.",
     "Gadewch allan yr enw neu’r manylyn a allai ddangos pwy yw rhywun.", False),
    (REVISE, "clearer", 1, "Say what you will do", "Dweud beth wnewch chi",
     "Please say more clearly what you yourself will do.",
     "Dywedwch yn gliriach beth wnewch chi’ch hun.", False),
    (REVISE, "wording", 2, "Choose other words", "Dewis geiriau eraill",
     "Please choose other words for the part that could hurt somebody.",
     "Dewiswch eiriau eraill ar gyfer y rhan a allai frifo rhywun.", False),
    (REVISE, "link", 7, "Leave out a link", "Gadael dolen allan",
     "Please leave out the link.",
     "Gadewch y ddolen allan.", False),
)  # fmt: skip


def add_usual(session: Session, now: datetime) -> None:
    """The usual reasons stand, once, as they are written above; decisions keep the version that they named."""
    standing = select(Reason).where(Reason.campaign_id.is_(None), Reason.retired_at.is_(None))
    known = {(reason.use, reason.key): reason for reason in session.scalars(standing)}
    for place, (use, key, rule, en, cy, words_en, words_cy, second) in enumerate(USUAL):
        usual = Reason(
            key=key,
            use=use,
            name=Translated(en=en, cy=cy),
            words=Translated(en=words_en, cy=words_cy),
            note="",
            rule=rule,
            hidden=False,
            needs_second=second,
            place=place,
            made_at=now,
        )
        old = known.get((use, key))
        if old is not None and _same(old, usual):
            continue
        if old is not None:
            old.retired_at = now
        session.add(usual)
    session.flush()


def _same(one: Reason, other: Reason) -> bool:
    kept = ("name", "words", "note", "rule", "hidden", "needs_second", "place")
    return all(getattr(one, field) == getattr(other, field) for field in kept)


def chosen(session: Session, decision: Decision) -> list[Reason]:
    """The reasons of a decision, in the order in which they were offered."""
    first = [decision.reason] if decision.reason is not None else []
    more = [session.get(Reason, reason_id) for reason_id in decision.more_reasons or []]
    return [*first, *(reason for reason in more if reason is not None)]


def told(session: Session, decision: Decision, lang: str) -> list[str]:
    """What the author reads of them; reasons that are not to be told are left out."""
    return [reason.words.in_(lang) for reason in chosen(session, decision) if not reason.hidden]


# -- a campaign's own ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """A reason as somebody wants it."""

    use: str
    name: Mapping[str, str]
    words: Mapping[str, str]
    note: str = ""
    rule: int | None = None
    hidden: bool = False
    needs_second: bool = False

    def lacking(self, languages: list[str]) -> list[tuple[str, str]]:
        """Which of the public words lack which language, as (field, language)."""
        fields = {"name": self.name, "words": self.words}
        return [(field, lang) for lang in languages for field, texts in fields.items() if not texts.get(lang)]


def own(session: Session, campaign_id: int) -> list[Reason]:
    """The campaign's own reasons that may be chosen; none: it uses the usual ones."""
    return _standing(session, campaign_id)


def usual(session: Session) -> list[Reason]:
    return _standing(session, None)


def _standing(session: Session, campaign_id: int | None) -> list[Reason]:
    where = Reason.campaign_id.is_(None) if campaign_id is None else Reason.campaign_id == campaign_id
    query = select(Reason).where(where, Reason.retired_at.is_(None)).order_by(Reason.use, Reason.place, Reason.id)
    return list(session.scalars(query))


def offered(session: Session, campaign_id: int, use: str) -> list[Reason]:
    """The reasons that may be chosen: the campaign's own, else those of all campaigns."""
    return offered_by_use(session, campaign_id).get(use, [])


def offered_by_use(session: Session, campaign_id: int) -> dict[str, list[Reason]]:
    """As `offered`, of every use."""
    here = or_(Reason.campaign_id == campaign_id, Reason.campaign_id.is_(None))
    query = select(Reason).where(here, Reason.retired_at.is_(None)).order_by(Reason.place, Reason.id)
    found: dict[str, list[Reason]] = {}
    for reason in session.scalars(query):
        found.setdefault(reason.use, []).append(reason)
    return {use: [each for each in some if each.campaign_id is not None] or some for use, some in found.items()}


def copy_usual(session: Session, campaign: Campaign, by: Moderator, now: datetime) -> int:
    """The campaign has the usual reasons as its own, to change as it likes; nothing where it has its own already."""
    lock(session, campaign)
    if own(session, campaign.id):
        return 0
    copied = usual(session)
    for reason in copied:
        session.add(_copy(reason, campaign.id, now))
    session.flush()
    _note(session, by, "reasons:copy", f"campaign:{campaign.id}", {}, {"reasons": len(copied)}, now, campaign.id)
    return len(copied)


def add(session: Session, campaign: Campaign, draft: Draft, by: Moderator, now: datetime) -> Reason:
    """One more reason, last of its kind. Where the campaign used the usual ones, it has them as its own first."""
    lock(session, campaign)
    copy_usual(session, campaign, by, now)
    last = session.scalar(
        select(func.max(Reason.place)).where(Reason.campaign_id == campaign.id, Reason.retired_at.is_(None))
    )
    reason = _made(draft, campaign.id, "", (last or 0) + 1, now)
    session.add(reason)
    session.flush()
    reason.key = f"own{reason.id}"
    _note(session, by, "reason:add", f"reason:{reason.id}", {}, {"campaign": campaign.id}, now, campaign.id)
    return reason


def edit(session: Session, reason: Reason, draft: Draft, by: Moderator, now: datetime) -> Reason:
    """A new row stands in the place of the old one, which decisions made until now go on naming."""
    newer = _made(draft, reason.campaign_id, reason.key, reason.place, now)
    reason.retired_at = now
    session.add(newer)
    session.flush()
    _note(
        session,
        by,
        "reason:edit",
        f"reason:{newer.id}",
        {"reason": reason.id},
        {"reason": newer.id},
        now,
        newer.campaign_id,
    )
    return newer


def retire(session: Session, reason: Reason, by: Moderator, now: datetime) -> None:
    """It is not offered any more. A campaign that retires its last one uses the usual ones again."""
    reason.retired_at = now
    session.flush()
    _note(session, by, "reason:retire", f"reason:{reason.id}", {}, {}, now, reason.campaign_id)


def reorder(session: Session, reason: Reason, up: bool, by: Moderator, now: datetime) -> None:
    """It changes places with the one above, or below."""
    alike = [other for other in own(session, reason.campaign_id or 0) if other.use == reason.use]
    at = alike.index(reason)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(alike):
        return
    alike[at], alike[to] = alike[to], alike[at]
    before = reason.place
    for place, other in enumerate(alike):
        other.place = place
    session.flush()
    _note(
        session,
        by,
        "reason:move",
        f"reason:{reason.id}",
        {"place": before},
        {"place": reason.place},
        now,
        reason.campaign_id,
    )


def lock(session: Session, campaign: Campaign) -> None:
    """Two who change the campaign's lists do it one after the other."""
    session.execute(select(Campaign.id).where(Campaign.id == campaign.id).with_for_update())


def _made(draft: Draft, campaign_id: int | None, key: str, place: int, now: datetime) -> Reason:
    return Reason(
        campaign_id=campaign_id,
        key=key,
        use=draft.use,
        name=Translated(draft.name),
        words=Translated(draft.words),
        note=draft.note,
        rule=draft.rule,
        hidden=draft.hidden,
        needs_second=draft.needs_second,
        place=place,
        made_at=now,
    )


def _copy(reason: Reason, campaign_id: int, now: datetime) -> Reason:
    draft = Draft(reason.use, reason.name, reason.words, reason.note, reason.rule, reason.hidden, reason.needs_second)
    return _made(draft, campaign_id, reason.key, reason.place, now)


def _note(
    session: Session,
    by: Moderator,
    act: str,
    subject: str,
    before: dict[str, int | None],
    after: dict[str, int | None],
    now: datetime,
    campaign_id: int | None,
) -> None:
    chain.add(session, chain.actor(by), act, subject, before=before, after=after, campaign_id=campaign_id, now=now)
