"""Subjects for the checks' tests: the least that is legal, the test says the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moderation.checks.base import Subject

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def subject(words: str = "I will plant ten trees by the river.", **rest: Any) -> Subject:
    values: dict[str, Any] = {
        "kind": "pledge", "reply": False, "words": words, "more": "", "name": "", "role": "", "organisation": "",
        "website": "", "email": "", "lang": "en", "campaign_langs": ["en", "cy"],
        "title": "A promise to Wales", "context": [], "edited": False, "recheck": False, "submitted_at": NOW,
        "ip": "203.0.113.5", "user_agent": "Mozilla/5.0", "referrer": "https://wall.example/wales",
        "permalink": "https://wall.example/wales", "accept_language": "", "seconds_on_form": 40.0,
        "trap_name": "website2", "trap_value": "", "akismet_mode": "ask", "from_child": False, "earlier": [],
    }  # fmt: skip
    return Subject(**{**values, **rest})
