"""What the public never sees, as tables."""

from __future__ import annotations

from .bulk import Batch, BatchItem, Cluster, ClusterBand, ClusterKind, ReviewCluster
from .letters import Letter
from .people import Invitation, Membership, Moderator, ModeratorRole, Passkey, Role, SecurityRole, SignIn, Words
from .record import Act, RecordHead
from .reviews import Appeal, Decision, Evidence, Finding, Lane, Note, Report, Review, ReviewLane
from .rules import HouseRule, Reason, WordEffect, WordRule
from .shared import Shared, held
from .surge import ExpectedDay, Hold, HoldEffect, HoldKind, Surge

__all__ = [
    "Act",
    "Appeal",
    "Batch",
    "BatchItem",
    "Cluster",
    "ClusterBand",
    "ClusterKind",
    "Decision",
    "Evidence",
    "ExpectedDay",
    "Finding",
    "Hold",
    "HoldEffect",
    "HoldKind",
    "HouseRule",
    "Invitation",
    "Lane",
    "Letter",
    "Membership",
    "Moderator",
    "ModeratorRole",
    "Note",
    "Passkey",
    "Reason",
    "RecordHead",
    "Report",
    "Review",
    "ReviewCluster",
    "ReviewLane",
    "Role",
    "SecurityRole",
    "Shared",
    "SignIn",
    "Surge",
    "WordEffect",
    "WordRule",
    "Words",
    "held",
]
