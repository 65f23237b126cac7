"""A review and what hangs on it: where it stands, what checks and people said, what was decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from moderation.checks.base import Verdict
from moderation.workflow import Move, State
from pledges.db import Base, BigId, text_enum
from pledges.models import Campaign, Contribution, Revision

from .people import Moderator
from .rules import Reason


class Lane(StrEnum):
    """Where an item of the queue stands; it may stand in several."""

    NEW = "new"
    CHANGED = "changed"
    REPORTED = "reported"
    SPAM = "spam"
    ABUSE = "abuse"
    PERSONAL_DATA = "personal_data"
    WELSH = "welsh"
    APPEALS = "appeals"
    UPDATES = "updates"
    ANSWERS = "answers"
    ORGANISATIONS = "organisations"
    ALL = "all"  # everything that waits and is not laid aside
    PARKED = "parked"  # laid aside, by the moment when it comes back; in no other lane until then


class Review(Base):
    """How far the checking of one revision is; the row is the queue of people and of jobs."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index(
            "ix_reviews_passed",
            "passed_to_id",
            "waiting_since",
            "id",
            sqlite_where=text("passed_to_id IS NOT NULL"),
            postgresql_where=text("passed_to_id IS NOT NULL"),
        ),
        Index("ix_reviews_queue", "campaign_id", "state", "waiting_since", "id"),
        Index("ix_reviews_all", "state", "waiting_since", "id"),
        Index("ix_reviews_due", "check_after", "id"),
        Index(
            "ix_reviews_claimed",
            "claimed_by_id",
            "claimed_until",
            sqlite_where=text("claimed_by_id IS NOT NULL"),
            postgresql_where=text("claimed_by_id IS NOT NULL"),
        ),
        Index("ix_reviews_clear", "campaign_id", "clear", "state", "waiting_since", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"), unique=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="RESTRICT"), index=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="RESTRICT"))
    state: Mapped[State] = mapped_column(text_enum(State), default=State.RECEIVED)
    version: Mapped[int] = mapped_column(default=1)  # counts moves: stops two moderators deciding at once
    waiting_since: Mapped[datetime]
    masked: Mapped[bool] = mapped_column(default=False)  # strong words stay out of the page until asked for
    not_checked: Mapped[bool] = mapped_column(default=True)  # some check could not answer
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    claimed_until: Mapped[datetime | None]
    handed_until: Mapped[datetime | None]  # it is one of many that its holder was handed, until then
    passed_to_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    parked_until: Mapped[datetime | None]
    needs_second: Mapped[bool] = mapped_column(default=False)  # somebody proposed a decision that two must agree on
    check_after: Mapped[datetime | None]  # when a job is to look at it; none: nothing is owed
    check_reason: Mapped[str] = mapped_column(String(24), default="")  # '' | edit | recheck | retry
    attempts: Mapped[int] = mapped_column(default=0)
    round: Mapped[int] = mapped_column(default=0)  # of screening
    clear: Mapped[bool] = mapped_column(default=False)  # every check looked and found nothing: fit for a reading sheet
    behind: Mapped[bool] = mapped_column(default=False)  # a cluster's row stands for it in the queue

    revision: Mapped[Revision] = relationship()
    contribution: Mapped[Contribution] = relationship()
    campaign: Mapped[Campaign] = relationship()
    evidence: Mapped[Evidence | None] = relationship(back_populates="review")
    findings: Mapped[list[Finding]] = relationship(back_populates="review", order_by="Finding.id")
    decisions: Mapped[list[Decision]] = relationship(back_populates="review", order_by="Decision.id")
    lanes: Mapped[list[ReviewLane]] = relationship(back_populates="review", cascade="all, delete-orphan")
    claimed_by: Mapped[Moderator | None] = relationship(foreign_keys=[claimed_by_id])
    passed_to: Mapped[Moderator | None] = relationship(foreign_keys=[passed_to_id])


class ReviewLane(Base):
    """An item stands in a lane; a page of a lane is one index. Rows exist only while the item waits."""

    __tablename__ = "review_lanes"
    __table_args__ = (Index("ix_review_lanes_page", "lane", "campaign_id", "behind", "waiting_since", "review_id"),)

    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True)
    lane: Mapped[Lane] = mapped_column(text_enum(Lane), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    waiting_since: Mapped[datetime]
    behind: Mapped[bool] = mapped_column(default=False)  # a cluster's row stands for it in this lane

    review: Mapped[Review] = relationship(back_populates="lanes")


class Evidence(Base):
    """Where a submission came from, as it was then; kept apart and forgotten early."""

    __tablename__ = "evidence"

    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True)
    ip: Mapped[str] = mapped_column(String(45), index=True)
    user_agent: Mapped[str] = mapped_column(String(500), default="")
    referrer: Mapped[str] = mapped_column(String(500), default="")
    accept_language: Mapped[str] = mapped_column(String(200), default="")
    permalink: Mapped[str] = mapped_column(String(500), default="")
    seconds_on_form: Mapped[float | None]
    trap_name: Mapped[str] = mapped_column(String(60), default="")
    trap_value: Mapped[str | None] = mapped_column(String(500))  # none: the field was missing altogether
    akismet_guid: Mapped[str | None] = mapped_column(String(100))
    akismet_said: Mapped[str | None] = mapped_column(String(5))  # true | false: what the check answered
    akismet_fields: Mapped[dict[str, Any] | None] = mapped_column(default=None)  # as first sent, for feedback
    feedback_owed: Mapped[str | None] = mapped_column(String(4))  # spam | ham, after the undo window
    feedback_due_at: Mapped[datetime | None] = mapped_column(index=True)
    feedback_sent: Mapped[str | None] = mapped_column(String(4))
    forget_after: Mapped[datetime] = mapped_column(index=True)

    review: Mapped[Review] = relationship(back_populates="evidence")


class Finding(Base):
    """What one check said in one round; its detail quotes words, so erasure empties it."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("review_id", "check", "round"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"))
    check: Mapped[str] = mapped_column(String(40))
    round: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(text_enum(Verdict))
    lane: Mapped[str | None] = mapped_column(String(24))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    quotes: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [field, start, end, rule], in code points
    found_at: Mapped[datetime]

    review: Mapped[Review] = relationship(back_populates="findings")


class Report(Base):
    """A visitor's complaint about what is shown; it never hides by itself."""

    __tablename__ = "reports"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="RESTRICT"), index=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="SET NULL"))
    form_token: Mapped[str | None] = mapped_column(String(64), unique=True)
    category: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    lang: Mapped[str] = mapped_column(String(20), default="en")
    network: Mapped[str | None] = mapped_column(String(64))  # keyed hash: how many places a flood came from
    made_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="SET NULL"))

    contribution: Mapped[Contribution] = relationship()


class Appeal(Base):
    """An author asks a second moderator to look again."""

    __tablename__ = "appeals"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="RESTRICT"), index=True)
    against_id: Mapped[int] = mapped_column(ForeignKey("decisions.id", ondelete="RESTRICT"), unique=True)
    made_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="SET NULL"))


class Note(Base):
    """What one moderator tells the others about an item; never shown to the public."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), index=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="RESTRICT"))
    words: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]

    moderator: Mapped[Moderator] = relationship()


class Decision(Base):
    """A move of a review, by a person or by the program (no moderator); rows are only ever added."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "moderator_id", "decided_at"),
        Index(None, "decided_at"),
        Index(
            "ix_decisions_proposes",
            "review_id",
            sqlite_where=text("proposes IS NOT NULL"),
            postgresql_where=text("proposes IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="RESTRICT"), index=True)
    move: Mapped[Move] = mapped_column(text_enum(Move))
    from_state: Mapped[State] = mapped_column(text_enum(State))
    to_state: Mapped[State] = mapped_column(text_enum(State))
    version: Mapped[int]  # of the review, after the move
    shown_before_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"))
    shown_after_id: Mapped[int | None] = mapped_column(ForeignKey("revisions.id", ondelete="RESTRICT"))
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="RESTRICT"))
    by_author: Mapped[bool] = mapped_column(default=False)
    reason_id: Mapped[int | None] = mapped_column(ForeignKey("reasons.id", ondelete="RESTRICT"))
    more_reasons: Mapped[list[Any] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # ids of the others, where several were chosen
    # of a proposal: what a second person is to confirm; of another move: itself, since nobody was there to second it
    proposes: Mapped[Move | None] = mapped_column(text_enum(Move))
    note: Mapped[str] = mapped_column(Text, default="")  # to the author, when a change is asked for; else internal
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="RESTRICT"))
    waited_seconds: Mapped[int | None]  # until a person decided; none: the program, the author, or not known
    decided_at: Mapped[datetime]

    review: Mapped[Review] = relationship(back_populates="decisions")
    moderator: Mapped[Moderator | None] = relationship()
    reason: Mapped[Reason | None] = relationship()

    @property
    def alone(self) -> bool:
        """Whether one person decided what takes two, since nobody was there to second it."""
        return self.proposes is not None and self.move is self.proposes
