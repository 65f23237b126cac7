"""What can go wrong by a rule of ours; each becomes a page in views.py."""

from __future__ import annotations


class WallError(Exception):
    """A rule of the wall was broken; never a bug."""


class CampaignClosed(WallError):
    """The campaign takes no contributions now: 409."""


class FormUsed(WallError):
    """This form has already been sent, with other words: they come back with a fresh token."""


class NotYours(WallError):
    """No such thing, or none that this link opens: 404."""


class NotNow(WallError):
    """The author may not do this now, for instance an appeal after its days are over: 409."""


class WordsChanged(WallError):
    """The words are not those that were approved; nothing is shown. A sign of tampering, never of use."""
