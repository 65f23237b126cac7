"""A campaign, its parts in two languages, and its event codes."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pledges.db import Base, BigId, Translated, text_enum

from .kinds import Kind, ShowName


class CampaignState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class AkismetUse(StrEnum):
    ASK = "ask"
    ASK_WITHOUT_EMAIL = "ask_without_email"
    DO_NOT_ASK = "off"


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
    wall_version: Mapped[int] = mapped_column(default=1)  # moves with all that lists show
    talk_version: Mapped[int] = mapped_column(default=0)  # moves with each comment that is shown or hidden
    target: Mapped[int | None]  # promises that the campaign hopes for
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
    theme: Mapped[Theme | None] = relationship(lazy="joined")


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
    organisation: Mapped[str] = mapped_column(String(100), default="")  # filled in for whoever comes by this code
    pledge_id: Mapped[int | None] = mapped_column(
        BigInteger
    )  # while this stands, which is its organisation's, the code counts
    ended_at: Mapped[datetime | None]

    @property
    def over_midnight(self) -> bool:
        """Whether its hours end on the day after they begin."""
        return None not in (self.from_hour, self.until_hour) and self.until_hour < self.from_hour  # type: ignore[operator]
