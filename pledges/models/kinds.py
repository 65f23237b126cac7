"""The words for what a contribution is, who gives it, under which name, and how far it is kept."""

from __future__ import annotations

from enum import StrEnum

NAME_CHARS = 100
NOTE_CHARS = 300
FINDABLE = "findable"  # the author's wish that search engines may list the page
NAME_HIDDEN = "name_hidden"  # the author's wish, dated; it holds for all words sent before it


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
    PROMISED = "promised"  # nobody has told yet
    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    KEPT = "kept"
    CHANGED = "changed"
    NOT_KEPT = "not_kept"
