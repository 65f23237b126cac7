"""`python -m bench.worst`: what the worst texts cost that each field may hold, and a search for worse ones.

Every check reads each of the texts that were slow once, at the length of its own field; then texts are changed at random
for some seconds, always on from the slowest. Figures are milliseconds of this process; ends with 1 above the bound.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from bench import commit
from moderation.checks import links, lists, personal, repeats, words
from moderation.checks.base import Earlier, Listing, Subject
from moderation.clusters import likeness
from moderation.queue import finding
from moderation.rules import word_lists
from pledges import text
from pledges.intake.forms import base
from pledges.models import NAME_CHARS
from pledges.search import index, terms
from pledges.web import border

BOUND_MS = 20.0
WORDS = max(most for _least, most in base.LENGTHS.values())
PIECES = (
    "a ", "ab", "ab12 ", "v e r min ", " a", "a.b-", "0 ", "0", "one ", "a@", " @ ", "a dot ", "@a ", "1 a a ", "A A ",
    "Aa Year 4 ", "ig name ", "double ", "(at)", "aa11 ", "+", "\u202e", "f*", "so gay ", "nig", "http://", "a.a", "www.",
    "\ufdfa", "\u0344", "\u0344\u0323", "\uff9e\u0344", "a\u0301", "[(", "dot.", "x_", "n i g g e ", "s+c+u", "a|",
    "\U0001f468\u200d", "\u2764\ufe0f", "1\ufe0f", "\u0643\u200c", "\u0915\u094d\u200d", "\u200d\n", "東", "ก็", "ß", "\ufb2c",
)  # fmt: skip
ALPHABET = "ab1Il .@-+*|$(/:'\n\u0301\u0344\u0323\uff9e\u200d\u202e\ufe0f\ufdfa\u0643\u0915\u094d東が\U0001f468еο"
WORD_LIKE = (
    "dot",
    "www",
    "http://",
    "at",
    "year 4",
    "nig",
    "gay",
    "fuck",
    "com",
    "one",
    "double",
    "street",
    "flat 1",
    "07911",
)


class Case(NamedTuple):
    """Something that reads a text, and how long the text may be."""

    name: str
    most: int
    reads: Callable[[str], Any]


def subject(said: str) -> Subject:
    """Words of one field; the others are shorter, and read in the same way."""
    return Subject(
        kind="pledge", reply=False, words=said, more="", name="", role="", organisation="", website="",
        email="a@example.org", lang="en", campaign_langs=["en"], title="", context=[], edited=False,
        recheck=False, submitted_at=datetime(2026, 3, 2, tzinfo=UTC), ip="203.0.113.5", user_agent="", referrer="",
        permalink="", accept_language="", seconds_on_form=9.0, trap_name="", trap_value="", akismet_mode="off",
        from_child=True, earlier=[Earlier("p", said[::-1])] * 300, lists=(Listing("phrase", "a dot b", "hold"),),
        listed=[("vermin", "mask"), ("a b", "raise")],
    )  # fmt: skip


def checked(check: Any, said: str) -> Any:
    return check.check(subject(said))


CASES = (
    Case("border, a field", 2 * WORDS, partial(border.bounded, "promise")),
    Case("clean, words", 2 * WORDS, partial(text.clean, lines=True)),
    Case("clean, a name", 2 * NAME_CHARS, text.cleaned_name),
    Case("first name", NAME_CHARS, text.first_name),
    Case("fold", WORDS, text.fold),
    Case("identity", NAME_CHARS, text.identity),
    Case("search, kept", WORDS, partial(index.entry, "postgresql")),
    Case("search, asked", 300, terms.asked_for),
    Case("an address in it", 300, finding.address_in),
    Case("email", base.EMAIL_CHARS, base.one_address),
    Case("likeness", WORDS, likeness.skeleton),
    *(
        Case(f"check: {check.NAME}", WORDS, partial(checked, check))
        for check in (words, personal, links, lists, repeats)
    ),
    Case("desk, a text tried", word_lists.TRIED_CHARS, partial(word_lists.tried, [("vermin", "mask")])),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=5.0, help="to look for worse texts, each case (default: 5)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    print(
        f"Commit {commit()}; {WORDS} code points of words. Milliseconds of the worst text known, and of the worst found."
    )
    above = []
    for case in CASES:
        case.reads("a")
        known = max(((cost(case, filled(piece, case.most)), piece) for piece in PIECES), key=lambda each: each[0])
        found = worse(case, known, given.seconds, chance)
        print(
            f"{case.name:22} {case.most:5} {known[0]:7.1f} {ascii(known[1])[:24]:24} {found[0]:7.1f} {ascii(found[1])[:60]}"
        )
        above += [case.name] if found[0] > BOUND_MS else []
    print(f"Bound: {BOUND_MS:.0f} ms. Above it: {', '.join(above) or 'none'}.")
    return 1 if above else 0


def filled(piece: str, most: int) -> str:
    return (piece * (most // len(piece) + 1))[:most]


def cost(case: Case, said: str) -> float:
    """Milliseconds of this process, the quickest of three."""
    return min(_once(case, said) for _ in range(3))


def _once(case: Case, said: str) -> float:
    started = time.process_time()
    with contextlib.suppress(ValueError):
        case.reads(said)
    return (time.process_time() - started) * 1000


def worse(case: Case, best: tuple[float, str], seconds: float, chance: random.Random) -> tuple[float, str]:
    """The slowest text that changes at random have led to, as the piece that it repeats."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        piece = changed(best[1], chance)
        slow = cost(case, filled(piece, case.most))
        if slow > best[0]:
            best = (slow, piece)
    return best


def changed(piece: str, chance: random.Random) -> str:
    """A piece with something put in, taken out or put twice."""
    at = chance.randrange(len(piece) + 1)
    other = chance.choice(WORD_LIKE if chance.random() < 0.3 else ALPHABET)
    way = chance.randrange(4)
    if way == 0 and len(piece) > 1:
        return piece[: at - 1] + piece[at:] if at else piece[1:]
    if way == 1:
        return chance.choice(PIECES) + piece
    if way == 2:
        return piece[:at] + piece[at:][:3] + piece[at:]
    return piece[:at] + other + piece[at:]


if __name__ == "__main__":
    raise SystemExit(main())
