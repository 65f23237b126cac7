"""The reasons that a new installation offers; campaigns may have their own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.db import Translated

from .models import Reason

REJECT = "reject"
REVISE = "revise"

# use, key, house rule, name en, name cy, words en, words cy, needs a second moderator
USUAL: tuple[tuple[str, str, int | None, str, str, str, str, bool], ...] = (
    (REJECT, "hateful", 1, "Racist or hateful", "Hiliol neu atgas",
     "Our house rules do not allow words that attack people for who they are or where they come from.",
     "Nid yw rheolau’r tŷ yn caniatáu geiriau sy’n ymosod ar bobl am bwy ydyn nhw neu o ble maen nhw’n dod.", False),
    (REJECT, "attack", 2, "Attacks a person", "Ymosod ar berson",
     "Our house rules do not allow words that attack or accuse a named person.",
     "Nid yw rheolau’r tŷ yn caniatáu geiriau sy’n ymosod ar berson a enwir neu’n ei gyhuddo.", False),
    (REJECT, "personal_data", 3, "Shares personal data", "Rhannu data personol",
     "It holds details by which somebody could be found or recognised. Please send it again without them.",
     "Mae’n cynnwys manylion a allai ddangos pwy yw rhywun neu ble mae. Anfonwch ef eto hebddynt.", False),
    (REJECT, "selling", 4, "Spam or selling", "Sbam neu werthu",
     "It advertises something, and this wall is for promises alone.",
     "Mae’n hysbysebu rhywbeth, ac ar gyfer addewidion yn unig y mae’r wal hon.", False),
    (REJECT, "off_topic", 5, "Not a promise", "Nid addewid",
     "It does not say what you will do. Please write one thing that you will do yourself.",
     "Nid yw’n dweud beth wnewch chi. Ysgrifennwch un peth y byddwch chi’ch hun yn ei wneud.", False),
    (REJECT, "illegal", 6, "Against the law", "Yn erbyn y gyfraith",
     "It may be against the law, so it cannot be shown.",
     "Gallai fod yn erbyn y gyfraith, felly ni ellir ei ddangos.", True),
    (REJECT, "impersonation", 7, "Speaks for somebody else", "Siarad ar ran rhywun arall",
     "We could not make sure that it comes from the person or organisation that it names.",
     "Ni allem sicrhau ei fod yn dod gan y person neu’r sefydliad y mae’n ei enwi.", True),
    (REJECT, "other", 8, "Something else", "Rhywbeth arall",
     "It does not fit this campaign’s house rules.",
     "Nid yw’n cyd-fynd â rheolau tŷ’r ymgyrch hon.", False),
    (REVISE, "names", 3, "Leave out a name or detail", "Gadael enw neu fanylyn allan",
     "Please leave out the name or detail by which somebody could be recognised.",
     "Gadewch allan yr enw neu’r manylyn a allai ddangos pwy yw rhywun.", False),
    (REVISE, "clearer", 5, "Say what you will do", "Dweud beth wnewch chi",
     "Please say more clearly what you yourself will do.",
     "Dywedwch yn gliriach beth wnewch chi’ch hun.", False),
    (REVISE, "wording", 2, "Choose other words", "Dewis geiriau eraill",
     "Please choose other words for the part that could hurt somebody.",
     "Dewiswch eiriau eraill ar gyfer y rhan a allai frifo rhywun.", False),
    (REVISE, "link", 4, "Leave out a link", "Gadael dolen allan",
     "Please leave out the link.",
     "Gadewch y ddolen allan.", False),
)  # fmt: skip


def add_usual(session: Session, now: datetime) -> None:
    """The usual reasons stand, once, for campaigns without reasons of their own."""
    known = {tuple(row) for row in session.execute(select(Reason.use, Reason.key).where(Reason.campaign_id.is_(None)))}
    for place, (use, key, rule, en, cy, words_en, words_cy, second) in enumerate(USUAL):
        if (use, key) in known:
            continue
        session.add(
            Reason(
                key=key,
                use=use,
                name=Translated(en=en, cy=cy),
                words=Translated(en=words_en, cy=words_cy),
                rule=rule,
                needs_second=second,
                place=place,
                made_at=now,
            )
        )
    session.flush()
