"""What an author reads of what has happened to their words, in order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pledges.intake.door import Standing
from pledges.models import Contribution
from pledges.updates.timeline import Told


def of(own: Contribution, standing: Standing, told: Iterable[Told] = ()) -> list[tuple[datetime, str]]:
    """When and what (a short name of ours), newest first; of what came at once, the later step first."""
    lines = [(each.submitted_at, "sent" if each.number == 1 else "changed") for each in own.revisions]
    if own.published_at is not None:
        lines.append((own.published_at, "published"))
    if own.changed_at is not None:
        lines.append((own.changed_at, "change_published"))
    lines += standing.happened
    lines += [(each.since, "name_lessened" if each.by_author else "name_lessened_there") for each in own.name_limits]
    lines += [(each.entry.at, f"told:{each.entry.status}") for each in told]
    if own.withdrawn_at is not None:
        lines.append((own.withdrawn_at, "withdrawn"))
    once = list(dict.fromkeys(lines))
    return sorted(reversed(once), key=lambda line: line[0], reverse=True)
