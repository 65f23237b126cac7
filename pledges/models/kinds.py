"""The words for what a contribution is, who gives it, under which name, and how far it is kept."""

from __future__ import annotations

from enum import StrEnum

NAME_CHARS = 100
NOTE_CHARS = 300
FINDABLE = "findable"  # the author's wish that search engines may list the page
NAME_HIDDEN = "name_hidden"  # the author's wish, dated, that no name is shown; `name_first` and so on: less of it


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

    @property
    def place(self) -> int:
        """Of two levels the one with the higher place shows less."""
        return list(ShowName).index(self)


class Progress(StrEnum):
    PROMISED = "promised"  # nobody has told yet
    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    KEPT = "kept"
    CHANGED = "changed"
    NOT_KEPT = "not_kept"
