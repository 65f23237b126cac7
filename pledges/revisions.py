"""By what a revision's words are told from others: exactly, and as copies."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .text import fold


def digest_of(revision: Any) -> str:
    """SHA-256 over salt and every field that is shown, of a Revision or of what names its fields: approval is of exactly these."""
    said = [
        revision.salt, revision.words, str(revision.by_when), revision.how_we_will_know, str(revision.status or ""),
        revision.link, revision.name, str(revision.show_name), revision.role, revision.organisation, revision.website,
        str(revision.kind), revision.theme_id, revision.audience_id, revision.lang,
    ]  # fmt: skip
    if revision.first_name:  # where there is none the digest is that of words from before it was asked for
        said.append(f"first_name:{revision.first_name}")
    if revision.actions:
        said.append(f"actions:{json.dumps(revision.actions, sort_keys=True)}")
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def action_key(words: str) -> str:
    """By which the steps of an action are found: they are of these words, and of no others."""
    return hashlib.sha256(fold(words).encode()).hexdigest()[:16]


def repeat_key(words: str) -> str | None:
    """The same for words that differ in case, marks, spaces and punctuation alone."""
    folded = fold(words)
    return hashlib.sha256(folded.encode()).hexdigest() if folded else None
