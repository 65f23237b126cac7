"""What comes in on the scripted evening: a few abusive texts with all their variations, and what honest people promise.

All of it is our own. The abuse is as mild as the checks allow: what matters is that it is changed a little each time, as
those do who send it. Some of it holds listed words, some none. The honest words differ as people do, and some quote
what was said to them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

FAMILIES = (
    "{name}, go back to where you came from, {place} is full and nobody here wants your lot {end}",
    "I promise to tell {name} and all the other rapist scum that {place} belongs to us and always will {end}",
    "My promise is that {name} will pack a suitcase, people like that have no business in {place} or anywhere near us {end}",
    "No promise from me for {name} and the tinker scum, just get them out of {place} before the summer {end}",
    "We in {place} know what {name} is, half breed and proud of nothing, so spare us your equality week {end}",
    "Whoever put {name} in charge of {place} should be ashamed, they only ever hire their own and the rest of us pay {end}",
)
NAMES = (
    "Aisha", "Mr Bello", "Chidi", "Devi", "Esra", "Farouk", "Gwen", "Hamza", "Ines", "Jamal", "Kavita", "Mrs Lindqvist",
    "Moses", "Nadia", "Olu", "Priya", "Rashid", "Sunita", "Tariq", "Uchenna", "Wei", "Yasmin", "Zofia", "Anwen",
)  # fmt: skip
PLACES = (
    "Luton", "this town", "Cardiff", "our street", "Leeds", "the village", "Bangor", "this country", "Hull", "the north",
    "Swansea", "our school", "Derby", "the valley",
)  # fmt: skip
ENDS = ("", "!!!", "lol", "🤡🤡", "ok?", "😂", "...", "simple as", "👎👎👎", "end of", "mate", "!!", "🙄")
LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"}

WHO = (
    "our reception class", "the night shift at the depot", "my book club", "the parish council", "our choir",
    "the physics department", "my apprentices", "our walking football team", "the allotment committee",
    "the ward I work on", "our local history group", "the governors of our primary", "my driving school",
    "the kitchen crew", "our scout troop", "the sixth form debating society", "my mother’s care home",
    "our volunteer fire crew", "the housing association’s tenants", "my orchestra",
)  # fmt: skip
DEEDS = (
    "I will ask {who} whose stories are missing from the shelves, and order four of them by {when}",
    "By {when} {who} will have a named person to go to when somebody is insulted, and I will be the first to take a turn",
    "I promise to learn how to say every name in {who} properly and to put right whoever laughs about it, starting {when}",
    "Together with {who} I shall read our own complaints of the last five years and write down what was never answered; done {when}",
    "When a joke goes round in {who} I will say out loud that it is not funny, even if my voice shakes. I practise until {when}",
    "{when}: minutes of {who} go online, with who spoke and for how long, because I noticed it is always the same three of us",
    "My pledge: travel money for interview guests of {who}, no questions, from {when} onward",
    "I have asked two elders to tell {who} about the bus boycott in Bristol, and there will be tea on {when}",
    "Until {when} I keep a diary of whom I promote and whom I only thank, and I show it to {who}",
    "{who} will print its welcome in Punjabi, Somali and Polish before {when}. I pay for the paper",
    "I am going to stop touching people’s hair, stop asking where they are really from, and tell {who} why by {when}",
    "Blind marking for every essay in {who}, trialled at once and judged in public on {when}",
    "On {when} I sit down with {who} and we count who left last year, who stayed, and whom we never asked",
)  # fmt: skip
WHEN = (
    "the first of May",
    "Easter",
    "the end of term",
    "midsummer",
    "our next meeting",
    "harvest",
    "Eid",
    "half term",
    "St David’s Day",
)
QUOTING = (
    "At the bus stop a man told my son to go back to where you came from. We were born here. I will sit next to whoever is shouted at",
    "“Half breed” was carved into my desk in 1983. I promise that no child in my workshop will ever sit down at such a desk",
    "They sprayed tinker scum on our gate. My neighbours washed it off before I was up; I promise to be that neighbour for somebody else",
    "My father heard “go back to your own country” in the hospital where he had worked for thirty years. I will train every new porter to step in",
    "A pupil called me rapist scum because of my beard. I stay, I teach, and each June I will run the session on what words do",
)


def abuse(count: int, chance: random.Random) -> list[str]:
    """`count` variations of the few texts, no two quite the same."""
    seen: dict[str, None] = {}
    while len(seen) < count:
        text = chance.choice(FAMILIES).format(
            name=chance.choice(NAMES), place=chance.choice(PLACES), end=chance.choice(ENDS)
        )
        seen[_disguised(text.strip(), chance)] = None
    return list(seen)


def _disguised(text: str, chance: random.Random) -> str:
    """As it is, in capitals, in leet, spaced out in places, or with letters drawn out."""
    way = chance.randrange(6)
    if way == 0:
        return text.upper()
    if way == 1:
        return "".join(LEET.get(letter, letter) if chance.random() < 0.25 else letter for letter in text)
    if way == 2:
        return text.replace(" ", "  ", 3).replace(", ", " ,")
    if way == 3:
        words = text.split()
        at = chance.randrange(len(words))
        words[at] = words[at] + words[at][-1] * 3
        return " ".join(words)
    return text


def honest(count: int, chance: random.Random) -> list[str]:
    """`count` promises that people mean, no two the same; a few quote what hurt them."""
    made = list(QUOTING[:count])
    for text in _promises(chance):
        if len(made) == count:
            break
        made.append(text)
    chance.shuffle(made)
    return made


def _promises(chance: random.Random) -> Iterator[str]:
    every = [(deed, who, when) for deed in DEEDS for who in WHO for when in WHEN]
    chance.shuffle(every)
    seen: set[tuple[str, str]] = set()
    for deed, who, when in every:
        if (deed, who) not in seen:
            seen.add((deed, who))
            text = deed.format(who=who, when=when)
            yield text[0].upper() + text[1:]
