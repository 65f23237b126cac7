"""What the public gives and sees, as tables: one file for each thing that is kept whole."""

from __future__ import annotations

from .campaign import AkismetUse, Audience, Campaign, CampaignState, EventCode, Prompt, Question, Theme
from .contribution import Consent, Contact, Contribution, Revision, Wording
from .counter import EVERY_DAY, Counter
from .kinds import NAME_CHARS, NAME_HIDDEN, NOTE_CHARS, Kind, Progress, ShowName, Type
from .organisation import MergedContribution, MergedOrganisation, Organisation, OrganisationOnWall
from .step import Step

__all__ = [
    "EVERY_DAY",
    "NAME_CHARS",
    "NAME_HIDDEN",
    "NOTE_CHARS",
    "AkismetUse",
    "Audience",
    "Campaign",
    "CampaignState",
    "Consent",
    "Contact",
    "Contribution",
    "Counter",
    "EventCode",
    "Kind",
    "MergedContribution",
    "MergedOrganisation",
    "Organisation",
    "OrganisationOnWall",
    "Progress",
    "Prompt",
    "Question",
    "Revision",
    "ShowName",
    "Step",
    "Theme",
    "Type",
    "Wording",
]
