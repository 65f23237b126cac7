"""What is forgotten, and when."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from moderation.clusters import upkeep
from moderation.letters import dropping
from moderation.models import Decision, Evidence, Hold, Letter, Report, Review
from moderation.workflow import State
from pledges.db import database, rows_of, transaction, until_stored
from pledges.errors import NotYours
from pledges.figures import sites
from pledges.intake import drafts
from pledges.intake.door import review_desk
from pledges.models import Contact, Contribution
from pledges.organisations import matters
from pledges.receipt import acts
from pledges.settings import Settings
from pledges.webhooks import keeping

AT_ONCE = 500
LETTERS_KEPT = timedelta(days=90)


def forget(settings: Settings, now: datetime) -> dict[str, int]:
    """Everything whose term is over is gone; answers how much of each. May be stopped and run again at any time."""
    done = {
        "evidence": _forget_evidence(now, settings.evidence_kept_days),
        "withdrawn": _erase(_withdrawn(settings, now), now),
        "spam": _erase(_undecided_since(State.SPAM, timedelta(days=settings.spam_kept_days), now), now),
        "rejected": _erase(_undecided_since(State.REJECTED, timedelta(days=settings.rejected_kept_days), now), now),
        "letters": _forget_letters(now),
        "addresses": _forget_addresses(now),
        "written letters": _forget_written(settings),
        "sites": _forget_sites(now),
        "links of organisations": _forget_links(now),
        "drafts": _forget_drafts(now),
        "messages to webhooks": _forget_deliveries(now),
    }
    _wipe_log()
    return done


def _wipe_log() -> None:
    """SQLite: what was forgotten stands in the write-ahead log no longer. In the file itself it was overwritten."""
    engine = database().engine
    if engine.dialect.name != "sqlite":
        return
    database().close_session()
    connection = engine.raw_connection()  # outside any transaction, or the log could not be emptied
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _forget_evidence(now: datetime, evidence_days: int) -> int:
    """Address, browser and Akismet's id of a sender are gone after their term."""
    with transaction() as session:
        gone = session.execute(delete(Evidence).where(Evidence.forget_after <= now))
        session.execute(
            update(Report).where(Report.made_at <= now - timedelta(days=183), Report.email != "").values(email="")
        )
        dropping.forget_reporters(session, dropping.of_erased())
        session.execute(
            update(Report)
            .where(Report.made_at <= now - timedelta(days=evidence_days), Report.network.is_not(None))
            .values(network=None)
        )
        held = func.coalesce(Hold.ended_at, Hold.ends_at)  # an entry can be somebody's address or words
        session.execute(delete(Hold).where(held <= now - timedelta(days=evidence_days)))
    upkeep.forget_networks(AT_ONCE)
    return rows_of(gone)


def _forget_sites(now: datetime) -> int:
    """Which sites embedded a wall."""
    with transaction() as session:
        return sites.forget(session, now.date())


def _forget_links(now: datetime) -> int:
    """Links to prove an organisation that nobody pressed, with the addresses they went to."""
    with transaction() as session:
        return matters.forget_unpressed(session, now, AT_ONCE)


def _forget_drafts(now: datetime) -> int:
    """Forms that were kept to be signed off, and not sent in time."""
    with transaction() as session:
        return drafts.forget(session, now, AT_ONCE)


def _forget_deliveries(now: datetime) -> int:
    """Which changes other programs were told of."""
    with transaction() as session:
        return keeping.forget(session, now)


def _forget_letters(now: datetime) -> int:
    with transaction() as session:
        return rows_of(
            session.execute(
                delete(Letter).where(func.coalesce(Letter.sent_at, Letter.dropped_at) <= now - LETTERS_KEPT)
            )
        )


def _forget_addresses(now: datetime) -> int:
    """Addresses that were kept for questions or an invitation, whose last one is a while behind us."""
    with transaction() as session:
        return rows_of(
            session.execute(
                delete(Contact).where(
                    Contact.forget_after <= now,
                    Contact.next_question_at.is_(None) | (Contact.next_question_at > Contact.forget_after),
                )
            )
        )


def _forget_written(settings: Settings) -> int:
    """Letters in the folder whose author erased everything, or whose row has been forgotten, are gone too."""
    files = {int(file.stem): file for file in (settings.instance / "mail").glob("*.eml") if file.stem.isdigit()}
    if not files:
        return 0
    with transaction() as session:
        kept = (
            select(Letter.id)
            .outerjoin(Report, Report.id == Letter.report_id)
            .outerjoin(Contribution, Contribution.id.in_((Letter.contribution_id, Report.contribution_id)))
            .where(Contribution.erased_at.is_(None))
        )
        wanted = set(session.scalars(kept))
    gone = [file for letter_id, file in files.items() if letter_id not in wanted]
    for file in gone:
        file.unlink(missing_ok=True)
    return len(gone)


def _withdrawn(settings: Settings, now: datetime) -> list[int]:
    with transaction() as session:
        return list(
            session.scalars(
                select(Contribution.id)
                .where(
                    Contribution.withdrawn_at <= now - timedelta(days=settings.withdrawn_kept_days),
                    Contribution.erased_at.is_(None),
                )
                .limit(AT_ONCE)
            )
        )


def _undecided_since(state: State, term: timedelta, now: datetime) -> list[int]:
    """Contributions of which nothing is shown or waits, and whose newest decision is older than the term."""
    with transaction() as session:
        return list(session.scalars(_settled(session, state, now - term)))


def _settled(session: Session, state: State, before: datetime):
    last = select(func.max(Decision.decided_at)).where(Decision.review_id == Review.id).scalar_subquery()
    return (
        select(Review.contribution_id)
        .join(Contribution, Contribution.id == Review.contribution_id)
        .where(
            Review.state == state,
            Contribution.published_revision_id.is_(None),
            Contribution.erased_at.is_(None),
            last <= before,
            ~select(Review.id)
            .where(
                Review.contribution_id == Contribution.id,
                Review.state.in_((State.RECEIVED, State.WAITING, State.REVISE, State.APPROVED)),
            )
            .correlate(Contribution)
            .exists(),
        )
        .limit(AT_ONCE)
    )


def _erase(ids: list[int], now: datetime) -> int:
    for contribution_id in ids:
        until_stored(partial(_erase_one, contribution_id, now))
    return len(ids)


def _erase_one(contribution_id: int, now: datetime) -> None:
    with transaction() as session, suppress(NotYours):  # it was erased meanwhile
        acts.erase(session, session.get_one(Contribution, contribution_id), review_desk(), now)
