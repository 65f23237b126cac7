"""What the public gives and sees: campaigns, contributions, their exact words, who to write to and what was agreed."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .db import Base, BigId, Translated, text_enum

WORDS_CHARS = 1_000  # the longest words that any form takes, in code points
NAME_CHARS = 100
NOTE_CHARS = 300
NAME_HIDDEN = "name_hidden"  # the author's wish, dated; it holds for all words sent before it
EVERY_DAY = ""  # the day of a counter that covers all days


class CampaignState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class AkismetUse(StrEnum):
    ASK = "ask"
    ASK_WITHOUT_EMAIL = "ask_without_email"
    DO_NOT_ASK = "off"


class Kind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"


class Type(StrEnum):
    PLEDGE = "pledge"
    ANSWER = "answer"
    COMMENT = "comment"
    UPDATE = "update"


class ShowName(StrEnum):
    """How much of the author's name is public, from the most to the least."""

    FULL = "full"
    FIRST = "first"
    ROLE = "role"
    ORGANISATION = "organisation"
    ANONYMOUS = "anonymous"


class Progress(StrEnum):
    PROMISED = "promised"
    UNDER_WAY = "under_way"
    KEPT = "kept"
    CHANGED = "changed"
    NOT_KEPT = "not_kept"


class Campaign(Base):
    """A wall with its own address, dates, themes, audiences, words and look."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    preset: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[CampaignState] = mapped_column(text_enum(CampaignState), default=CampaignState.DRAFT)
    languages: Mapped[list[str]] = mapped_column(default=lambda: ["en", "cy"])  # of the pages; the first is the default
    contribution_languages: Mapped[list[str]] = mapped_column(default=lambda: ["en", "cy"])  # of the words
    title: Mapped[Translated]
    words: Mapped[dict[str, Any]] = mapped_column(default=dict)  # name -> {language: text}; names in presets.py
    hashtag: Mapped[str] = mapped_column(String(80), default="")
    owner: Mapped[str] = mapped_column(String(200), default="")  # who runs it, as shown
    starts_on: Mapped[date | None]  # none: to be confirmed
    ends_on: Mapped[date | None]
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(String(60), default="Europe/London")
    comments_open: Mapped[bool] = mapped_column(default=True)
    show_names: Mapped[list[str]] = mapped_column(default=lambda: [level.value for level in ShowName])
    akismet: Mapped[AkismetUse] = mapped_column(text_enum(AkismetUse), default=AkismetUse.ASK)
    through_teacher: Mapped[bool] = mapped_column(default=False)  # children take part through an adult who sends
    embed_origins: Mapped[list[str]] = mapped_column(default=list)
    colours: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the five of the design; empty: ours
    wait_target_minutes: Mapped[int] = mapped_column(default=120)
    frozen_at: Mapped[datetime | None]  # from then the wall stands as it is; removals still go through
    guard: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a surge tightens; see guarding.py
    guard_until: Mapped[datetime | None]
    wall_version: Mapped[int] = mapped_column(default=1)
    examples_shown: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    themes: Mapped[list[Theme]] = relationship(back_populates="campaign", order_by="Theme.place")
    audiences: Mapped[list[Audience]] = relationship(back_populates="campaign", order_by="Audience.place")
    questions: Mapped[list[Question]] = relationship(back_populates="campaign", order_by="Question.place")
    prompts: Mapped[list[Prompt]] = relationship(back_populates="campaign", order_by="Prompt.place")

    def text(self, name: str, lang: str) -> str:
        """The campaign's own words called `name` in `lang`; none written: an empty string."""
        return Translated(self.words.get(name, {})).in_(lang)

    def text_lang(self, name: str, lang: str) -> str:
        return Translated(self.words.get(name, {})).lang_of(lang)


class Theme(Base):
    """What a promise is about; its dye and weave are those of the design."""

    __tablename__ = "themes"
    __table_args__ = (UniqueConstraint("campaign_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40))
    title: Mapped[Translated]
    hint: Mapped[Translated] = mapped_column(default=dict)
    dye: Mapped[str] = mapped_column(String(20))
    place: Mapped[int]
    archived_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship(back_populates="themes")


class Audience(Base):
    """Whom a promise speaks for: parents, school leaders, social workers."""

    __tablename__ = "audiences"
    __table_args__ = (UniqueConstraint("campaign_id", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40))
    title: Mapped[Translated]
    kind: Mapped[Kind | None] = mapped_column(text_enum(Kind))  # all of this kind belong to it without saying so
    place: Mapped[int]
    archived_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship(back_populates="audiences")


class Question(Base):
    """What a campaign asks; people answer it in their own words."""

    __tablename__ = "questions"
    __table_args__ = (Index(None, "campaign_id", "place"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    words: Mapped[Translated]
    place: Mapped[int]
    answers_public: Mapped[bool] = mapped_column(default=True)
    archived_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship(back_populates="questions")


class Prompt(Base):
    """Words that help somebody start: a beginning of a promise, or an invitation to comment."""

    __tablename__ = "prompts"
    __table_args__ = (Index(None, "campaign_id", "place"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("themes.id", ondelete="SET NULL"))
    use: Mapped[str] = mapped_column(String(20))  # promise | comment
    words: Mapped[Translated]
    place: Mapped[int]

    campaign: Mapped[Campaign] = relationship(back_populates="prompts")


class EventCode(Base):
    """Lifts the address limit for a room behind one address, within hours, an end and a ceiling of its own."""

    __tablename__ = "event_codes"
    __table_args__ = (UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    from_hour: Mapped[time | None]  # in the campaign's time zone
    until_hour: Mapped[time | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ceiling: Mapped[int]  # submissions in all
    ended_at: Mapped[datetime | None]

    @property
    def over_midnight(self) -> bool:
        """Whether its hours end on the day after they begin."""
        return None not in (self.from_hour, self.until_hour) and self.until_hour < self.from_hour  # type: ignore[operator]


class Organisation(Base):
    """A name under which several people promise."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(NAME_CHARS))
    name_key: Mapped[str] = mapped_column(String(400), unique=True)  # text.identity: what makes it this one
    likeness: Mapped[str] = mapped_column(String(400), default="", index=True)  # what it may be taken for
    domain: Mapped[str | None] = mapped_column(String(253))
    verified_at: Mapped[datetime | None]
    verified_how: Mapped[str | None] = mapped_column(String(200))
    verified_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class MergedOrganisation(Base):
    """A person said that this organisation is the same as another: what stands under it counts for that one."""

    __tablename__ = "merged_organisations"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)
    merged_at: Mapped[datetime]


class MergedContribution(Base):
    """Words that count for an organisation under another name, and the row of the name that stands in them."""

    __tablename__ = "merged_contributions"

    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"), index=True)


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
        Index("ix_contributions_thread", "parent_id", "type", "shown_at", "id"),
        Index("ix_contributions_organisation", "organisation_id", "campaign_id", "shown_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="RESTRICT"))
    type: Mapped[Type] = mapped_column(text_enum(Type))
    public_id: Mapped[str] = mapped_column(String(16), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="RESTRICT"))
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="SET NULL"))
    question_id: Mapped[int | None] = mapped_column(ForeignKey("questions.id", ondelete="RESTRICT"))
    inspired_by_id: Mapped[int | None] = mapped_column(ForeignKey("contributions.id", ondelete="SET NULL"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="RESTRICT"))
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
    shown_at: Mapped[datetime | None]  # = published_at while on the wall, else none: the wall's own key
    comments_shown: Mapped[int] = mapped_column(default=0)

    page_lang: Mapped[str] = mapped_column(String(20), default="en")  # in which the author saw the form, and reads us
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    comments_closed_at: Mapped[datetime | None]
    example: Mapped[bool] = mapped_column(default=False)

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
    status: Mapped[Progress | None] = mapped_column(text_enum(Progress))  # of an update
    link: Mapped[str] = mapped_column(String(500), default="")
    name: Mapped[str] = mapped_column(String(NAME_CHARS), default="")
    show_name: Mapped[ShowName] = mapped_column(text_enum(ShowName), default=ShowName.ANONYMOUS)
    role: Mapped[str] = mapped_column(String(NAME_CHARS), default="")
    organisation: Mapped[str] = mapped_column(String(NAME_CHARS), default="")
    website: Mapped[str] = mapped_column(String(500), default="")
    kind: Mapped[Kind] = mapped_column(text_enum(Kind), default=Kind.PERSON)
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("themes.id", ondelete="RESTRICT"))
    audience_id: Mapped[int | None] = mapped_column(ForeignKey("audiences.id", ondelete="RESTRICT"))
    lang: Mapped[str] = mapped_column(String(20))
    salt: Mapped[str] = mapped_column(String(64), default="")
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of salt and all fields above
    repeat_key: Mapped[str | None] = mapped_column(String(64), index=True)  # of the words alone, folded: finds copies
    submitted_at: Mapped[datetime] = mapped_column(index=True)
    erased_at: Mapped[datetime | None]

    contribution: Mapped[Contribution] = relationship(back_populates="revisions", foreign_keys=[contribution_id])
    theme: Mapped[Theme | None] = relationship()
    audience: Mapped[Audience | None] = relationship()

    @property
    def level(self) -> ShowName:
        """How much of the name may be shown: what was chosen with these words, unless the author has hidden it since."""
        wishes = self.contribution.consents
        hidden = any(wish.purpose == NAME_HIDDEN and wish.given_at >= self.submitted_at for wish in wishes)
        return ShowName.ANONYMOUS if hidden else self.show_name


class Contact(Base):
    """How to write to an author; apart, so that no public query can reach an address."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    email_hash: Mapped[str] = mapped_column(String(64), index=True)  # keyed, of the folded address
    letters_wanted: Mapped[bool] = mapped_column(default=True)
    proved_at: Mapped[datetime | None]  # its owner pressed a button
    follow_up: Mapped[bool] = mapped_column(default=False)
    next_question_at: Mapped[datetime | None]
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


class Counter(Base):
    """A number that is kept, so that no page counts rows."""

    __tablename__ = "counters"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, default=EVERY_DAY)  # ISO date, in UTC
    value: Mapped[int] = mapped_column(default=0)
