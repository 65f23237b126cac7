"""A contribution, its exact words, who to write to about it, and what was agreed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId, text_enum

from .campaign import Audience, Campaign, Question, Theme
from .kinds import NAME_CHARS, NOTE_CHARS, Kind, Progress, ShowName, Type
from .organisation import Organisation, Sector, Size


class Wording(Base):
    """A text that people agreed to, kept once."""

    __tablename__ = "wordings"
    __table_args__ = (UniqueConstraint("purpose", "lang", "digest"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40))
    lang: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime]


class Contribution(Base):
    """What a member of the public gave us: a pledge, an answer, a comment on one, or the author's update."""

    __tablename__ = "contributions"
    __table_args__ = (
        CheckConstraint("(type IN ('comment', 'update')) = (parent_id IS NOT NULL)", name="replies_have_a_parent"),
        CheckConstraint("published_revision_id IS NULL OR consent_id IS NOT NULL", name="published_needs_consent"),
        CheckConstraint("(published_revision_id IS NULL) = (shown_at IS NULL)", name="shown_since"),
        Index("ix_contributions_wall", "campaign_id", "type", "shown_at", "id"),
        Index("ix_contributions_wall_theme", "campaign_id", "type", "theme_id", "shown_at", "id"),
        Index(
            None,
            "reply_to_id",
            sqlite_where=text("reply_to_id IS NOT NULL"),
            postgresql_where=text("reply_to_id IS NOT NULL"),
        ),
        Index("ix_contributions_wall_place", "wall_place", unique=True),
        Index("ix_contributions_thread", "parent_id", "type", "shown_at", "id"),
        Index("ix_contributions_organisation", "organisation_id", "campaign_id", "shown_at"),
        Index(
            "ix_contributions_campaign_id_talk_version",
            "campaign_id",
            "talk_version",
            sqlite_where=text("talk_version > 0"),
            postgresql_where=text("talk_version > 0"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="RESTRICT"))
    type: Mapped[Type] = mapped_column(text_enum(Type))
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="RESTRICT"))
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="SET NULL"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id", ondelete="RESTRICT"))
    inspired_by_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="SET NULL"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="RESTRICT"))
    vouched_at: Mapped[datetime | None]  # its author is known to speak for that organisation: organisations.badges
    holds_badge: Mapped[bool] = mapped_column(default=False)  # and says which colleagues do
    event_code_id: Mapped[int | None] = mapped_column(ForeignKey("event_codes.id", ondelete="SET NULL"))

    form_token: Mapped[str | None] = mapped_column(String(64), unique=True)  # a form makes one contribution
    form_digest: Mapped[str | None] = mapped_column(String(64))  # of all its fields: other words are told apart
    receipt_hash: Mapped[str | None] = mapped_column(String(64), unique=True)  # SHA-256 of the link's token
    receipt_number: Mapped[int] = mapped_column(default=1)

    # what the wall filters by; copied from the published revision, so that a page is one index
    kind: Mapped[Kind] = mapped_column(text_enum(Kind), default=Kind.PERSON)
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("themes.id", ondelete="RESTRICT"))
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audiences.id", ondelete="RESTRICT"))
    lang: Mapped[str] = mapped_column(String(20))
    progress: Mapped[Progress] = mapped_column(text_enum(Progress), default=Progress.PROMISED)
    show_name: Mapped[ShowName] = mapped_column(text_enum(ShowName), default=ShowName.ANONYMOUS)

    # none: hidden; else exactly these words. Only publishing.py writes the next four.
    published_revision_id: Mapped[int | None] = mapped_column(
        ForeignKey("revisions.id", ondelete="RESTRICT", use_alter=True)
    )
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consents.id", ondelete="RESTRICT", use_alter=True))
    published_at: Mapped[datetime | None]  # first shown; kept when a change is approved, and when hidden
    wall_place: Mapped[int | None] = mapped_column(BigInteger)  # a promise's, once it was shown: search.wall
    shown_at: Mapped[datetime | None]  # = published_at while on the wall, else none: the wall's own key
    comments_shown: Mapped[int] = mapped_column(default=0)
    inspired_shown: Mapped[int] = mapped_column(default=0)  # promises on the wall that began from this one
    by_author: Mapped[bool] = mapped_column(default=False)  # a comment, from the private page of what it stands under
    talk_version: Mapped[int] = mapped_column(default=0)  # the campaign's when a comment under it last came or went

    page_lang: Mapped[str] = mapped_column(String(20), default="en")  # in which the author saw the form, and reads us
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    comments_closed_at: Mapped[datetime | None]
    name_lessened_at: Mapped[datetime | None]  # less of its author's name is shown since
    findable: Mapped[bool] = mapped_column(default=False)  # by search engines, where a person has agreed to it
    example: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime | None]  # the first letter that asked how it goes was sent

    campaign: Mapped[Campaign] = relationship()
    theme: Mapped[Theme | None] = relationship()
    audience: Mapped[Audience | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    question: Mapped[Question | None] = relationship()
    parent: Mapped[Contribution | None] = relationship(remote_side=[id], foreign_keys=[parent_id])
    reply_to: Mapped[Contribution | None] = relationship(remote_side=[id], foreign_keys=[reply_to_id])
    revisions: Mapped[list[Revision]] = relationship(
        back_populates="contribution", foreign_keys="Revision.contribution_id", order_by="Revision.number"
    )
    published_revision: Mapped[Revision | None] = relationship(foreign_keys=[published_revision_id], post_update=True)
    contact: Mapped[Contact | None] = relationship(back_populates="contribution")
    consents: Mapped[list[Consent]] = relationship(
        back_populates="contribution", foreign_keys="Consent.contribution_id"
    )

    name_limits: Mapped[list[NameLimit]] = relationship(order_by="NameLimit.id")

    @property
    def latest(self) -> Revision:
        """The newest words that the author sent."""
        return self.revisions[-1]


class Revision(Base):
    """The exact words once sent, never changed; erasing empties words and salt and leaves the digest."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("contribution_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="RESTRICT"))
    number: Mapped[int]
    words: Mapped[str] = mapped_column(Text)
    by_when: Mapped[date | None]
    how_we_will_know: Mapped[str] = mapped_column(String(NOTE_CHARS), default="")
    actions: Mapped[list[dict[str, str]]] = mapped_column(
        default=list
    )  # an organisation's: words, by (a day, or nothing)
    status: Mapped[Progress | None] = mapped_column(text_enum(Progress))  # of an update
    link: Mapped[str] = mapped_column(String(500), default="")
    name: Mapped[str] = mapped_column(String(NAME_CHARS), default="")
    first_name: Mapped[str] = mapped_column(String(NAME_CHARS), default="")  # as it stands; none: told
    show_name: Mapped[ShowName] = mapped_column(text_enum(ShowName), default=ShowName.ANONYMOUS)
    role: Mapped[str] = mapped_column(String(NAME_CHARS), default="")
    organisation: Mapped[str] = mapped_column(String(NAME_CHARS), default="")
    website: Mapped[str] = mapped_column(String(500), default="")
    kind: Mapped[Kind] = mapped_column(text_enum(Kind), default=Kind.PERSON)
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("themes.id", ondelete="RESTRICT"))
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audiences.id", ondelete="RESTRICT"))
    lang: Mapped[str] = mapped_column(String(20))
    salt: Mapped[str] = mapped_column(String(64), default="")
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of salt and all fields above, see revisions.py
    repeat_key: Mapped[str | None] = mapped_column(String(64), index=True)  # of the words alone, folded: finds copies
    submitted_at: Mapped[datetime] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]

    contribution: Mapped[Contribution] = relationship(back_populates="revisions", foreign_keys=[contribution_id])
    theme: Mapped[Theme | None] = relationship()
    audience: Mapped[Audience | None] = relationship()

    @property
    def actions_said(self) -> str:
        """The words of all its actions, a line each."""
        return "\n".join(each["words"] for each in self.actions)

    @property
    def level(self) -> ShowName:
        """How much of the name may be shown: what was chosen with these words, or less where that was said since."""
        since = [limit.level for limit in self.contribution.name_limits if limit.since >= self.submitted_at]
        return max([self.show_name, *since], key=lambda level: level.place)


class NameLimit(Base):
    """No more of a name than this is shown with words sent before: so its author said, or a moderator."""

    __tablename__ = "name_limits"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"), index=True)
    level: Mapped[ShowName] = mapped_column(text_enum(ShowName))
    by_author: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime]


class Contact(Base):
    """How to write to an author; apart, so that no public query can reach an address."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    email_hash: Mapped[str] = mapped_column(String(64), index=True)  # keyed, of the folded address
    authoriser: Mapped[str] = mapped_column(String(NAME_CHARS), default="")  # who agreed to it, in an organisation
    sector: Mapped[Sector | None] = mapped_column(text_enum(Sector))  # said with the promise, until readers see it
    size: Mapped[Size | None] = mapped_column(text_enum(Size))
    letters_wanted: Mapped[bool] = mapped_column(default=True)
    proved_at: Mapped[datetime | None]  # its owner pressed a button
    follow_up: Mapped[bool] = mapped_column(default=False)
    next_question_at: Mapped[datetime | None] = mapped_column(index=True)  # see updates/asking.py
    forget_after: Mapped[datetime | None] = mapped_column(index=True)  # no question is to come, nor an invitation
    undeliverable_at: Mapped[datetime | None]  # a mail server said that nothing arrives there: no letter goes there
    undeliverable_code: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime]

    contribution: Mapped[Contribution] = relationship(back_populates="contact")


class Consent(Base):
    """What the author agreed to, in which words and when."""

    __tablename__ = "consents"
    __table_args__ = (Index(None, "contribution_id", "purpose"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="RESTRICT"))
    purpose: Mapped[str] = mapped_column(String(40))  # public | follow_up | invite_again | quote | news, or an act
    wording_id: Mapped[int] = mapped_column(ForeignKey("wordings.id", ondelete="RESTRICT"))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    contribution: Mapped[Contribution] = relationship(back_populates="consents", foreign_keys=[contribution_id])
    wording: Mapped[Wording] = relationship()
