"""A campaign's own word list: words that raise, mask, hold or mean nothing here. None of them declines anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation import lanes
from moderation.checks import lists, word_list, word_reading, words
from moderation.checks.base import Outcome, Quote
from moderation.clusters import signs
from moderation.decisions import move
from moderation.models import Finding, Moderator, Review, Shared, WordEffect, WordRule, held
from moderation.record import chain
from moderation.screening import run
from moderation.workflow import State
from pledges.db import transaction, utcnow
from pledges.models import Campaign

from .reasons import lock

WORDS_CHARS, NOTE_CHARS, TRIED_CHARS = 100, 500, 1000
MOST = 500  # words of one campaign
RECHECKED = 2000  # items a minute's sweep looks at again; the next minute goes on
AT_ONCE = 100
LISTED = (words, lists)  # the checks that campaigns feed
HIDES = {"word_2", "listed_mask", "listed_hold"}  # the rules that keep a text hidden
OWED = "words:"  # of the shared facts: campaigns whose waiting items are owed another look


class BadWords(ValueError):
    """These words cannot be looked for: `why` is 'short', 'long', 'full' or 'known'."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def of(session: Session, campaign_id: int) -> list[WordRule]:
    """What the campaign has listed, in the order of the alphabet."""
    query = select(WordRule).where(WordRule.campaign_id == campaign_id, WordRule.retired_at.is_(None))
    return sorted(session.scalars(query), key=lambda rule: rule.words.casefold())


def add(
    session: Session, campaign: Campaign, phrase: str, effect: WordEffect, note: str, by: Moderator, now: datetime
) -> WordRule:
    """The word is listed; in the place of the same word with another effect. Raises BadWords."""
    plain = word_list.plain_words(phrase)
    if sum(letter.isalpha() for letter in "".join(plain)) < 2:
        raise BadWords("short")
    if len(phrase) > WORDS_CHARS or len(plain) > word_list.LONGEST_PHRASE:
        raise BadWords("long")
    lock(session, campaign)
    standing = of(session, campaign.id)
    if len(standing) >= MOST:
        raise BadWords("full")
    for old in standing:
        if word_list.plain_words(old.words) == plain:
            if (old.effect, old.note) == (effect, note):
                raise BadWords("known")
            old.retired_at = now
    rule = WordRule(
        campaign_id=campaign.id, words=phrase, effect=effect, note=note[:NOTE_CHARS], made_at=now, made_by_id=by.id
    )
    session.add(rule)
    session.flush()
    _note(session, by, "word_rule:add", rule, now)
    owe_recheck(session, campaign.id, now)
    return rule


def retire(session: Session, rule: WordRule, by: Moderator, now: datetime) -> None:
    """It is looked for no longer, and what waits because of it is looked at again."""
    rule.retired_at = now
    session.flush()
    _note(session, by, "word_rule:retire", rule, now)
    owe_recheck(session, rule.campaign_id, now)


def _note(session: Session, by: Moderator, act: str, rule: WordRule, now: datetime) -> None:
    after = {"campaign": rule.campaign_id, "effect": rule.effect}
    chain.add(session, chain.actor(by), act, f"word_rule:{rule.id}", after=after, campaign_id=rule.campaign_id, now=now)


# -- trying a text -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caught:
    """Words of a text that a rule caught; `named` is the rule as its list spells it, `effect` none: of our own list."""

    quote: Quote
    named: str
    effect: str


def tried(listed: list[tuple[str, str]], text: str) -> list[Caught]:
    """What both lists find in this text, in the order of reading; words that are allowed here left out."""
    folded = word_reading.read(text)
    effects = dict(listed)
    own = word_reading.hits_in(folded, words.campaign_list(tuple(sorted(effects)))) if effects else []
    allowed = [hit for hit in own if effects[hit.listed.word] == words.ALLOW]
    found = []
    for hit in word_reading.hits_in(folded):
        if not any(hit.start < other.end and other.start < hit.end for other in allowed):
            found.append((hit, "", f"word_{hit.listed.grade}"))
    found += [(hit, effects[hit.listed.word], f"listed_{effects[hit.listed.word]}") for hit in own]
    caught = [
        Caught(Quote("words", *folded.span(hit.start, hit.end), rule), hit.listed.word, effect)
        for hit, effect, rule in found
    ]
    return sorted(caught, key=lambda one: (one.quote.start, one.quote.end))


def keeps_hidden(listed: list[tuple[str, str]], text: str) -> bool:
    """Whether a text stays out of a page for its words until somebody asks for it."""
    return any(caught.quote.rule in HIDES for caught in tried(listed, text))


# -- another look at what waits ------------------------------------------------------------------------


def owe_recheck(session: Session, campaign_id: int, now: datetime) -> None:
    """What waits in this campaign is owed another look by the word check, from the first."""
    owed = held(session, f"{OWED}{campaign_id}", now)
    owed.value, owed.changed_at = {"after": 0}, now
    session.flush()


def waiting(session: Session, campaign_id: int) -> int:
    """How many items wait and will be looked at again, up to 1,000."""
    query = select(Review.id).where(Review.campaign_id == campaign_id, Review.state == State.WAITING).limit(1000)
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def recheck_owed(most: int = RECHECKED) -> int:
    """Items that wait have been looked at again by the words of today, `most` of them; answers how many.

    The place reached is kept, so that a worker that dies loses nothing.
    """
    done = 0
    while done < most:
        with transaction() as session:
            owed = session.scalars(
                select(Shared).where(Shared.name.startswith(OWED, autoescape=True)).order_by(Shared.changed_at).limit(1)
                .with_for_update(skip_locked=True)
            ).first()  # fmt: skip
            if owed is None:
                return done
            done += _look_again(session, owed)
    return done


def _look_again(session: Session, owed: Shared) -> int:
    """One batch of a campaign; the note that it is owed goes with the last."""
    campaign_id = int(owed.name.removeprefix(OWED))
    ids = session.scalars(
        select(Review.id)
        .where(Review.campaign_id == campaign_id, Review.state == State.WAITING, Review.id > owed.value["after"])
        .order_by(Review.id)
        .limit(AT_ONCE)
    ).all()
    for review_id in ids:
        recheck(session, review_id)
    if len(ids) < AT_ONCE:
        session.delete(owed)
    else:
        owed.value, owed.changed_at = {"after": ids[-1]}, utcnow()
    return len(ids)


def recheck(session: Session, review_id: int) -> None:
    """What the lists say of a waiting item is what they say today; no other check is asked again."""
    review = move.locked(session, review_id)
    if review.state is not State.WAITING or review.revision.erased_at is not None:
        return
    subject = run.subject_of(session, review, compared=False)
    outcomes = [check.check(subject) for check in LISTED]
    found = {finding.check: finding for finding in review.findings if finding.round == review.round}
    changed = [_say(found[outcome.check], outcome) for outcome in outcomes if outcome.check in found]
    if any(changed):
        review.masked = any(outcome.mask for outcome in outcomes)  # of all checks these alone mask
        lanes.put_in(session, review)
        signs.note_clear(session, review)


def _say(finding: Finding, outcome: Outcome) -> bool:
    """The finding says what the check says; whether it said something else before."""
    quotes, detail = list(_plain(outcome.quotes)), json.loads(json.dumps(dict(outcome.detail)))
    if (finding.verdict, finding.lane, finding.quotes, finding.detail) == (
        outcome.verdict, outcome.lane, quotes, detail,
    ):  # fmt: skip
        return False
    finding.verdict, finding.lane = outcome.verdict, outcome.lane
    finding.detail, finding.quotes = detail, quotes
    return True


def _plain(quotes: tuple[Quote, ...]) -> Iterator[list[object]]:
    for quote in quotes:
        yield [quote.field, quote.start, quote.end, quote.rule]
