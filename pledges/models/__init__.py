"""What the public gives and sees, as tables: one file for each thing that is kept whole."""

from __future__ import annotations

from .campaign import AkismetUse, Audience, Campaign, CampaignState, EventCode, Prompt, Question, Theme
from .contribution import Consent, Contact, Contribution, NameLimit, Revision, Wording
from .counter import EVERY_DAY, Counter
from .draft import Draft
from .kinds import FINDABLE, NAME_CHARS, NAME_HIDDEN, NOTE_CHARS, Kind, Progress, ShowName, Type
from .matter import How, Logo, Matter, MatterKind, SharedDomain
from .organisation import (
    WORD_CHARS,
    MergedContribution,
    MergedOrganisation,
    Organisation,
    OrganisationOnWall,
    OrganisationWord,
    Sector,
    Size,
)
from .partner import PartnerKey
from .step import Step
from .webhook import Delivery, Webhook

__all__ = [
    "EVERY_DAY",
    "FINDABLE",
    "NAME_CHARS",
    "NAME_HIDDEN",
    "NOTE_CHARS",
    "WORD_CHARS",
    "AkismetUse",
    "Audience",
    "Campaign",
    "CampaignState",
    "Consent",
    "Contact",
    "Contribution",
    "Counter",
    "Delivery",
    "Draft",
    "EventCode",
    "How",
    "Kind",
    "Logo",
    "Matter",
    "MatterKind",
    "MergedContribution",
    "MergedOrganisation",
    "NameLimit",
    "Organisation",
    "OrganisationOnWall",
    "OrganisationWord",
    "PartnerKey",
    "Progress",
    "Prompt",
    "Question",
    "Revision",
    "Sector",
    "SharedDomain",
    "ShowName",
    "Size",
    "Step",
    "Theme",
    "Type",
    "Webhook",
    "Wording",
]
