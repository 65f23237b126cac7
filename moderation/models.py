"""What the public never sees: reviews, what checks said, decisions and their record, letters, and the moderators."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_security import AsaList, RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId, Translated, text_enum, utcnow
from pledges.models import Campaign, Contribution, Revision

from .checks.base import Verdict
from .workflow import Move, State


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


class Role(StrEnum):
    VIEWER = "viewer"
    MODERATOR = "moderator"
    LEAD = "lead"
    OWNER = "owner"


class Review(Base):
    """How far the checking of one revision is; the row is the queue of people and of jobs."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index("ix_reviews_passed", "passed_to_id", "waiting_since", "id"),
        Index("ix_reviews_queue", "campaign_id", "state", "waiting_since", "id"),
        Index("ix_reviews_all", "state", "waiting_since", "id"),
        Index("ix_reviews_due", "check_after", "id"),
        Index("ix_reviews_claimed", "claimed_by_id", "claimed_until"),
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


class Reason(Base):
    """Why words were declined or a change is asked for; edited by making a new row."""

    __tablename__ = "reasons"
    __table_args__ = (Index(None, "campaign_id", "use", "place"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))  # none: all
    key: Mapped[str] = mapped_column(String(40))
    use: Mapped[str] = mapped_column(String(20))  # reject | revise
    name: Mapped[Translated]
    words: Mapped[Translated]  # what the author reads
    note: Mapped[str] = mapped_column(Text, default="")  # for moderators alone
    rule: Mapped[int | None]  # the number of a house rule
    hidden: Mapped[bool] = mapped_column(default=False)  # the author is not told this reason
    needs_second: Mapped[bool] = mapped_column(default=False)
    place: Mapped[int]
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


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


class Act(Base):
    """One line of the record: who did what to what, chained to the line before. Ids and digests, never words."""

    __tablename__ = "acts"
    __table_args__ = (Index("ix_acts_campaign", "campaign_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor: Mapped[str] = mapped_column(String(60))  # moderator:<id> | program | author | operator
    act: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    campaign_id: Mapped[int | None] = mapped_column(BigId)  # of the subject, if it has one; for who may read the line
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class RecordHead(Base):
    """The last line of the record; its row is locked while a line is added."""

    __tablename__ = "record_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_act_id: Mapped[int | None] = mapped_column(BigId)
    hash: Mapped[str] = mapped_column(String(64))
    length: Mapped[int] = mapped_column(default=0)


class Letter(Base):
    """The outbox: a letter owed, written out when it is sent, so no link and no words lie in it."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("kind", "cause"),
        Index("ix_letters_due", "sent_at", "due_at", "id"),
        Index(None, "failed_how"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(80))
    contribution_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="CASCADE"), index=True)
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)  # counts and ids, never words or links
    lang: Mapped[str] = mapped_column(String(20), default="en")
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]  # not sent on purpose: undone, unproved address, nobody to write to
    dropped_why: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    failed_how: Mapped[str] = mapped_column(String(20), default="")  # of the last try; see posting.py
    failed_code: Mapped[str] = mapped_column(String(40), default="")
    message_id: Mapped[str] = mapped_column(String(120), default="")
    queued_at: Mapped[datetime]


class Shared(Base):
    """A small fact that all processes share: Akismet's circuit, today's budget, an operator's alert."""

    __tablename__ = "shared"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime]


class Words(AsaList):
    """The library's list in one column; without this word, statements that read it are compiled anew each time."""

    cache_ok = True


class SecurityRole(Base, RoleMixin):
    """What the sign-in library calls a role; ours are memberships, so this table stays empty."""

    __tablename__ = "security_roles"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    description: Mapped[str | None] = mapped_column(String(255))
    permissions: Mapped[Any] = mapped_column(MutableList.as_mutable(Words()), nullable=True)


class Moderator(Base, UserMixin):
    """Somebody who works at the desk; never deleted while an act names them."""

    __tablename__ = "moderators"
    __table_args__ = (Index("ix_moderators_fs_webauthn_user_handle", "fs_webauthn_user_handle", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100), default="")
    lang: Mapped[str] = mapped_column(String(20), default="en")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_last_counter: Mapped[int | None] = mapped_column(BigId)  # a code is taken once
    mf_recovery_codes: Mapped[Any] = mapped_column(MutableList.as_mutable(Words()), nullable=True)
    failed_codes: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    shortcuts: Mapped[bool] = mapped_column(default=True)
    no_harsh_until: Mapped[datetime | None]
    skips: Mapped[list[Any]] = mapped_column(JSON, default=list)  # lanes this person does not want to read
    quiet_text: Mapped[bool] = mapped_column(default=False)  # harsh texts grey and small
    on_call: Mapped[bool] = mapped_column(default=False)  # agreed to be written to when help is asked for
    alerts: Mapped[bool] = mapped_column(default=True)  # letters as things happen; the digest comes all the same
    digest: Mapped[bool] = mapped_column(default=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64))  # type: ignore[assignment]
    created_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    roles: Mapped[list[SecurityRole]] = relationship(secondary="moderator_roles")  # type: ignore[assignment]
    memberships: Mapped[list[Membership]] = relationship(back_populates="moderator")
    webauthn: Mapped[list[Passkey]] = relationship(back_populates="moderator")  # type: ignore[assignment]


class ModeratorRole(Base):
    __tablename__ = "moderator_roles"

    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("security_roles.id", ondelete="CASCADE"), primary_key=True)


class Membership(Base):
    """A moderator's role in one campaign, or in all (no campaign)."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_moderator", "moderator_id", "campaign_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="RESTRICT"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    moderator: Mapped[Moderator] = relationship(back_populates="memberships")
    campaign: Mapped[Campaign | None] = relationship()


class Invitation(Base):
    """A one-time link to join the desk; only its hash is kept."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """A session at the desk, kept here so that it can be listed and ended."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"), index=True)
    session_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    network: Mapped[str] = mapped_column(String(50), default="")
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    harsh_opened: Mapped[int] = mapped_column(default=0)  # masked texts shown in this session
    rested_at: Mapped[datetime | None]  # when this person last took a break
    harsh_at_rest: Mapped[int] = mapped_column(default=0)  # of `harsh_opened`, those before that break


class Passkey(Base, WebAuthnMixin):
    """A passkey of a moderator, as the sign-in library keeps it."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), index=True, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[Any] = mapped_column(MutableList.as_mutable(Words()), nullable=True)
    extensions: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))
    device_type: Mapped[str] = mapped_column(String(64))
    backup_state: Mapped[bool]
    create_datetime: Mapped[datetime] = mapped_column(default=utcnow)  # the library fills in all but this
    lastuse_datetime: Mapped[datetime]

    moderator: Mapped[Moderator] = relationship(back_populates="webauthn")

    def get_user_mapping(self) -> dict[str, Any]:
        """How the sign-in library finds the owner."""
        return {"id": self.moderator_id}


class Batch(Base):
    """Many items decided by one act: in bulk, by a cluster, or from a reading sheet."""

    __tablename__ = "batches"
    __table_args__ = (Index(None, "moderator_id", "made_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id", ondelete="RESTRICT"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("clusters.id", ondelete="SET NULL"))
    move: Mapped[str] = mapped_column(String(24))  # reject | spam | park | pass | approve (a reading sheet alone)
    reason_id: Mapped[int | None] = mapped_column(ForeignKey("reasons.id", ondelete="RESTRICT"))
    to_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    tell: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str] = mapped_column(Text, default="")
    total: Mapped[int]
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]

    items: Mapped[list[BatchItem]] = relationship(back_populates="batch", order_by="BatchItem.place")
    moderator: Mapped[Moderator] = relationship(foreign_keys=[moderator_id])
    reason: Mapped[Reason | None] = relationship()


class BatchItem(Base):
    """One item of a batch: the revision that was looked at, by its review's version, and what came of it."""

    __tablename__ = "batch_items"
    __table_args__ = (UniqueConstraint("batch_id", "review_id"), Index(None, "batch_id", "place"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    place: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(24), default="")  # '' (to do) | done | overtaken | refused | undone
    why: Mapped[str] = mapped_column(String(24), default="")  # it was refused, or was not undone with the others
    was: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the marks that parking or passing on has changed
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="SET NULL"))

    batch: Mapped[Batch] = relationship(back_populates="items")
    review: Mapped[Review] = relationship()


class ClusterKind(StrEnum):
    """What the items of a cluster have in common."""

    WORDS = "words"
    NETWORK = "network"
    DOMAIN = "domain"


class Cluster(Base):
    """Waiting items that are near-identical, come from one network, or carry links to one domain."""

    __tablename__ = "clusters"
    __table_args__ = (
        UniqueConstraint("campaign_id", "kind", "key"),
        Index("ix_clusters_waiting", "campaign_id", "waiting"),
        Index("ix_clusters_example", "example_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    kind: Mapped[ClusterKind] = mapped_column(text_enum(ClusterKind))
    key: Mapped[str] = mapped_column(String(64))  # keyed hash: it tells neither words nor network
    waiting: Mapped[int] = mapped_column(default=0)  # members that wait, kept as they come and go
    folding: Mapped[int] = mapped_column(default=0)  # of these, those that one row of the queue may stand for
    example_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id", ondelete="SET NULL"))  # and its row
    lanes: Mapped[list[Any]] = mapped_column(JSON, default=list)  # where that row stands, as its members were told
    total: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="SET NULL"))  # its example


class ReviewCluster(Base):
    """An item belongs to a cluster."""

    __tablename__ = "review_clusters"
    __table_args__ = (
        Index("ix_review_clusters_newest", "cluster_id", "review_id"),
        Index("ix_review_clusters_waiting", "cluster_id", "waits", "folds", "review_id"),
    )

    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id", ondelete="CASCADE"), primary_key=True)
    cluster_id: Mapped[int] = mapped_column(ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True)
    sketch: Mapped[str] = mapped_column(String(1024), default="")  # keyed hash of the words without their disguise
    waits: Mapped[bool] = mapped_column(default=False)
    folds: Mapped[bool] = mapped_column(default=False)  # the cluster's row may stand for it; in one cluster at most

    cluster: Mapped[Cluster] = relationship()


class ClusterBand(Base):
    """A part of the fingerprint of a cluster's words: near-identical words share at least one, and are found by it."""

    __tablename__ = "cluster_bands"

    band: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # keyed hash
    cluster_id: Mapped[int] = mapped_column(ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True, index=True)


class HouseRule(Base):
    """A numbered rule with worked examples, per campaign (none: all); edited by making a new row."""

    __tablename__ = "house_rules"
    __table_args__ = (Index(None, "campaign_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    number: Mapped[int]
    words: Mapped[Translated]
    allowed: Mapped[Translated] = mapped_column(default=dict)  # a worked example of what may stand
    declined: Mapped[Translated] = mapped_column(default=dict)  # and of what may not
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    retired_at: Mapped[datetime | None]


class WordEffect(StrEnum):
    """What a listed word does; none of them declines anything."""

    RAISE = "raise"  # a moderator sees it marked
    MASK = "mask"  # and the text stays hidden until asked for
    HOLD = "hold"  # and it stands in the lane of likely abuse
    ALLOW = "allow"  # a word of the common list means nothing here


class WordRule(Base):
    """A word or phrase that a campaign has listed; edited by making a new row."""

    __tablename__ = "word_rules"
    __table_args__ = (Index(None, "campaign_id", "retired_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    words: Mapped[str] = mapped_column(String(100))
    effect: Mapped[WordEffect] = mapped_column(text_enum(WordEffect))
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    retired_at: Mapped[datetime | None]


class HoldKind(StrEnum):
    NETWORK = "network"
    DOMAIN = "domain"  # of a mail address
    PHRASE = "phrase"


class HoldEffect(StrEnum):
    HOLD = "hold"  # kept apart, in the lane of likely abuse
    MASK = "mask"  # and hidden until asked for


class Hold(Base):
    """An entry of a surge's lists: it holds, or holds and masks, and ends by itself."""

    __tablename__ = "holds"
    __table_args__ = (Index(None, "campaign_id", "ends_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    kind: Mapped[HoldKind] = mapped_column(text_enum(HoldKind))
    value: Mapped[str] = mapped_column(String(100))
    effect: Mapped[HoldEffect] = mapped_column(text_enum(HoldEffect))
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ExpectedDay(Base):
    """A day on which much is expected, as a lead or an owner has told it; see expecting.py."""

    __tablename__ = "expected_days"
    __table_args__ = (Index(None, "campaign_id", "day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    day: Mapped[date]  # in the campaign's zone
    about: Mapped[int]  # so many promises, as somebody thinks
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    ended_at: Mapped[datetime | None]


class Surge(Base):
    """A time in which a campaign is guarded: limits tighter, the wall as it stands; at most one is open."""

    __tablename__ = "surges"
    __table_args__ = (Index(None, "campaign_id", "ends_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))  # none: program
    why: Mapped[str] = mapped_column(String(40))  # hand | refusals | words | spam | likeness; arrivals of older ones
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderators.id", ondelete="SET NULL"))
    promises: Mapped[bool] = mapped_column(default=True)  # forms of promises and answers have tighter limits
    comments: Mapped[bool] = mapped_column(default=True)
    letters: Mapped[bool] = mapped_column(default=False)  # letters to authors wait
    screens: Mapped[bool] = mapped_column(default=True)  # wall, feeds and screens stay as they stand
    slower: Mapped[bool] = mapped_column(default=False)  # who waits is told that it takes longer
    asked_for_help_at: Mapped[datetime | None]
