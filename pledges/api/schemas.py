"""What JSON says and takes: the shapes that serialise what is answered, validate what is sent, and describe both."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

from pledges.intake.forms.base import EMAIL_CHARS
from pledges.models import NAME_CHARS, NOTE_CHARS, CampaignState, Kind, Progress, Sector, Size

Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Id = Annotated[str, Field(description="Short, cannot be guessed in order, and stays as long as what it names")]
InLanguages = Annotated[dict[str, str], Field(description="The same words by language")]
Next = Annotated[str | None, Field(description="`after` of the next page; null: this was the last")]


class Told(BaseModel):
    """What is answered: just these fields, all of them, always."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class Counts(Told):
    """What stands on the wall, as far as we count it."""

    pledges: int
    organisations: int
    kept: int
    under_way: int
    asked: int = Field(description="Of these promises, how many authors were asked how theirs goes")
    answered: int


class Choice(Told):
    """A theme or an audience that can be chosen."""

    key: str
    title: InLanguages


class Question(Told):
    """What a campaign asks."""

    id: Id
    words: InLanguages


class Campaign(Told):
    """A wall: its words, dates and choices."""

    slug: str
    url: Url
    title: InLanguages
    words: dict[str, Any] = Field(description="The campaign's own words by name, each by language")
    languages: list[str] = Field(description="Of its pages; the first is the usual one")
    state: CampaignState
    open: bool = Field(description="Whether promises are taken now")
    starts_on: date | None
    ends_on: date | None
    opens_at: datetime | None
    closes_at: datetime | None
    themes: list[Choice]
    audiences: list[Choice]
    questions: list[Question]
    counts: Counts


class Campaigns(Told):
    campaigns: list[Campaign]


class _Shown(Told):
    id: Id
    url: Url


class _Contribution(_Shown):
    by: str | None = Field(description="As much of the name as its author lets be shown; null: none")
    role: str | None = Field(description="Role or place, likewise")
    organisation: str | None
    verified: bool = Field(
        description="Whether its author has proved to speak for the organisation, and that holds now"
    )
    kind: Kind
    theme: str | None = Field(description="Key of the theme")
    audience: str | None = Field(description="Key of the audience")
    lang: str = Field(description="Language of the words")
    by_when: date | None
    how_we_will_know: str | None
    status: Progress
    published_at: datetime
    comments: int
    example: bool = Field(description="Written by the campaign, to show how the wall looks")
    embed_url: Url = Field(description="This one in a frame")
    card_url: Url = Field(description="A picture of it, 1200 by 630")


class Action(Told):
    action: str
    by_when: date | None
    status: Progress


class Pledge(_Contribution):
    """A promise as its page shows it, and nothing else."""

    promise: str
    actions: list[Action] = Field(description="What an organisation put into it besides, each with how it goes")


class Answer(_Contribution):
    """An answer to a campaign's question, likewise."""

    answer: str


class PledgeOrAnswer(RootModel[Pledge | Answer]):
    """What stands under this id."""


class Pledges(Told):
    pledges: list[Pledge]
    next: Next


class Answers(Told):
    answers: list[Answer]
    next: Next


class Comment(_Shown):
    """Words under a promise or an answer."""

    comment: str
    by: str | None
    lang: str
    reply_to: str | None = Field(description="Id of the comment that it replies to")
    published_at: datetime


class Comments(Told):
    comments: list[Comment]
    next: Next


class Update(Told):
    """What an author told at a moment."""

    id: Id
    status: Progress
    at: datetime
    note: str | None
    link: str | None
    promise: str | None = Field(description="The new words, where the promise has changed")
    lang: str | None = Field(description="Language of note and promise")


class Updates(Told):
    status: Progress = Field(description="How the promise stands")
    updates: list[Update]
    next: Next


class Figures(Told):
    """How the promises of a campaign go; examples are none of them."""

    made: int
    asked: int = Field(description="Authors who were asked")
    answered: int = Field(description="Of those, who told")
    unasked: int = Field(description="Who told without being asked")
    kept: int
    under_way: int
    not_started: int
    changed: int
    not_kept: int
    target: int | None = Field(description="How many promises the campaign hopes for")


class Organisation(_Shown):
    """An organisation that stands on a wall under its name."""

    name: str
    verified: bool = Field(description="Whether it has proved who it is, and that holds now")
    sector: Sector | None = Field(description="What it is, as its author chose")
    size: Size | None = Field(description="How many people it has, likewise")
    pledges: int
    kept: int


class Organisations(Told):
    organisations: list[Organisation]
    next: Next


class Gone(Told):
    """What was taken down."""

    id: Id
    at: datetime


class Removed(Told):
    removed: list[Gone]
    next: Next


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: dict[str, str] = Field(default_factory=dict, description="By field, where fields are to blame")


# What webhooks are told


class Message(Told):
    """What a webhook is sent, signed as Standard Webhooks are: ids and links, no words and no names."""

    type: str
    timestamp: datetime
    data: MessageData


class MessageData(BaseModel):
    """What it is about; whoever wants the words asks for those of now."""

    id: Id
    campaign: str
    kind: str = Field(description="`pledge`, `answer`, `comment` or `organisation`")
    url: Url
    api_url: Url
    pledge: str | None = Field(None, description="Of a comment: what it stands under")


# What is sent


class _Sent(BaseModel):
    """What a visitor of a partner's own form wrote there."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: str = Field("", max_length=EMAIL_CHARS, description="To write to the author; never shown")
    name: str = Field("", max_length=NAME_CHARS)
    page_lang: str = Field(
        "", max_length=20, description="Language in which the form was read, and letters are written: `en` or `cy`"
    )
    visitor_address: str = Field(
        min_length=2,
        max_length=45,
        description="IP address of whoever filled in the form: they are screened and limited like visitors of our own"
        " form. It is kept apart from the words and forgotten early",
    )
    visitor_agent: str = Field("", max_length=400, description="User-Agent of their browser")
    seconds_on_form: float | None = Field(
        None, ge=0, le=1e9, description="From when the form was shown until it was sent"
    )
    consents: dict[str, Annotated[str, Field(min_length=10, max_length=1000)]] = Field(
        min_length=1,
        max_length=10,
        description="What was agreed to: purpose, and the exact words that stood beside the box which was ticked. `public`"
        " is needed: that the words will be public, and that whoever wrote them is 13 or over",
    )


class NewAction(BaseModel):
    """One of the actions that an organisation puts into its promise."""

    model_config = ConfigDict(extra="forbid")

    action: str = Field(max_length=NOTE_CHARS)
    by_when: str = Field("", max_length=10, description="A day to come, like 2027-07-21")


def _any_of(choices: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in choices)


class NewPledge(_Sent):
    """A promise, with the fields of the form."""

    promise: str = Field(max_length=2000, description="10 to 500 characters")
    kind: str = Field("", max_length=20, description="`person` or `organisation`")
    show_name: str = Field(
        "",
        max_length=20,
        description="`full`, `first`, `role`, `organisation` or `anonymous`; needed where a name is sent",
    )
    first_name: str = Field("", max_length=NAME_CHARS, description="As it is to stand; none: told from the name")
    role: str = Field("", max_length=NAME_CHARS, description="Role or place")
    organisation: str = Field("", max_length=NAME_CHARS)
    website: str = Field("", max_length=300, description="Of an organisation, with https")
    sector: str = Field("", max_length=24, description=f"What an organisation is: {_any_of(Sector)}")
    size: str = Field("", max_length=24, description=f"How many people it has: {_any_of(Size)}")
    theme: str = Field("", max_length=40)
    audience: str = Field("", max_length=40)
    lang: str = Field("", max_length=20, description="Language of the words")
    by_when: str = Field("", max_length=10, description="A day to come, like 2027-07-21")
    how_we_will_know: str = Field("", max_length=NOTE_CHARS)
    actions: list[NewAction] = Field(default_factory=list, max_length=9, description="Of an organisation")


class NewComment(_Sent):
    """A comment, with the fields of the form."""

    comment: str = Field(max_length=4000, description="2 to 1,000 characters")
    reply_to: str = Field("", max_length=16, description="Id of the comment that it replies to")


class Taken(Told):
    """It is stored, and a person will read it before it is shown."""

    id: Id
    receipt: Url = Field(description="The author's private page: hand it to them, and to nobody else")
