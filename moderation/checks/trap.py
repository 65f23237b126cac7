"""A field that people cannot see, and a form that nobody fills in at once."""

from __future__ import annotations

from flask_babel import lazy_gettext

from .base import SPAM, Outcome, Subject, Verdict

NAME = "trap"
TITLE = lazy_gettext("Form")
HASTY_SECONDS = (
    3.0  # people need longer, scripts answer at once; raises doubt, and settles it only beside a filled trap
)


def check(subject: Subject) -> Outcome:
    """A filled trap is spam, in haste blatantly so; a missing one wants a look; haste alone, or no clock, a notice."""
    seconds = subject.seconds_on_form
    hasty = seconds is not None and seconds < HASTY_SECONDS
    rules = [rule for rule, holds in _rules(subject, hasty).items() if holds]
    detail = {"rules": rules, "seconds": None if seconds is None else round(seconds, 1)}
    if "trap_filled" in rules:
        verdict = Verdict.STOP if hasty else Verdict.LOOK
        return Outcome(NAME, verdict, SPAM, detail=detail, blatant=hasty)
    if "trap_missing" in rules:
        return Outcome(NAME, Verdict.LOOK, SPAM, detail=detail)
    return Outcome(NAME, Verdict.NOTICE if rules else Verdict.CLEAR, detail=detail)


def _rules(subject: Subject, hasty: bool) -> dict[str, bool]:
    return {
        "trap_filled": bool(subject.trap_value),
        "trap_missing": subject.trap_value is None,
        "hasty": hasty,
        "no_clock": subject.seconds_on_form is None,
    }
