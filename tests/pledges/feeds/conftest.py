"""A campaign with as many promises and comments as a test wants, without a form for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import update

from pledges.intake import storing
from pledges.intake.sent import Origin, Sent
from pledges.models import Contribution, Revision, ShowName, Type
from pledges.wall import publishing

BEGAN = datetime(2027, 7, 19, 9, tzinfo=UTC)


@pytest.fixture
def shown(app, database, campaign, desk) -> Callable[..., list[str]]:
    """`shown(["words", …])`: ids of what is on the wall, a minute apart; `parent` makes comments, `raw` leaves words as they are."""
    minutes = count()

    def shown(
        words: Iterable[str], *, parent: str = "", theme: int | None = None, name: str = "", raw: bool = False
    ) -> list[str]:
        made = []
        with app.app_context(), database.new_session() as session:
            above = session.query(Contribution).filter_by(public_id=parent).one() if parent else None
            for said in words:
                now = BEGAN + timedelta(minutes=next(minutes))
                sent = Sent(
                    type=Type.COMMENT if above else Type.PLEDGE,
                    words="w" if raw else said,
                    lang="en",
                    page_lang="en",
                    name=name,
                    show_name=ShowName.FULL if name else ShowName.ANONYMOUS,
                    theme_id=theme,
                    consents={"public": "yes"},
                )
                stored = storing.receive(session, campaign.id, sent, Origin("192.0.2.1"), desk, now=now, parent=above)
                own = session.get_one(Contribution, stored.contribution_id)
                publishing.publish(session, own.latest, now)
                if raw:  # as an import or an older version may have left it
                    of = update(Revision).where(Revision.contribution_id == own.id)
                    session.execute(of.values(words=said, name=said[:100], show_name=ShowName.FULL))
                    own.show_name = ShowName.FULL
                made.append(own.public_id)
            session.commit()
        return made

    return shown
