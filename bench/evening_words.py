"""What comes in on the scripted evening: a few abusive texts with all their variations, and what honest people promise.

All of it is our own. The abuse is as mild as the checks allow: what matters is that it is changed a little each time, as
those do who send it. Some of it holds listed words, some none. The honest words differ as people do, and some quote
what was said to them.
"""

from __future__ import annotations

import random

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

DEEDS = (
    "I will ask in our reception class whose stories are missing from the shelves",
    "From now on somebody is named on the night shift to whom one can go after an insult",
    "I promise to learn every name in my choir as its owner says it",
    "Our parish council will read its complaints of the last five years aloud",
    "When a joke goes round in the depot I shall say that it is not funny",
    "The minutes of our club tell who spoke and for how long",
    "My firm pays the journey of everybody it invites to an interview",
    "Two elders will tell our scouts about the bus boycott in Bristol",
    "I keep a diary of whom I promote and whom I only thank",
    "We print the welcome of our surgery in Punjabi, Somali and Polish",
    "No more touching of hair in my salon without being asked to",
    "Essays in the physics department are marked without names",
    "I count who left the kitchen crew last year and whom we never asked why",
    "Our allotments get a waiting list that anybody can look at",
    "I sit down with my father and listen to what he was called as an apprentice",
    "Every poster of our theatre shows people from the estate it stands on",
    "My driving school offers lessons after sunset during Ramadan",
    "I will stop finishing Mr Okoro’s sentences in our staff room",
    "The library cards of the whole year go to one novel from Lagos and one from Cardiff Bay",
    "Our football team walks off together if one of us is abused from the stand",
    "I shall write to the planning office about the halting site instead of signing against it",
    "The ward I manage learns what pain looks like on dark skin",
    "Whoever cleans our offices at night is invited to the summer party and paid for coming",
    "I check my own lesson plans for who is shown as poor and who as clever",
    "Our volunteer fire crew recruits at the mosque, the gurdwara and the chapel",
    "My pledge is to correct the news in our family chat, kindly, each time",
    "Our museum puts beside each sugar bowl who grew the sugar",
    "I let my apprentices choose who assesses them",
    "The tenants’ meeting gets interpreters, and they speak first",
    "I am going to stop asking taxi drivers where they are really from",
    "Our orchestra plays a symphony by Florence Price and talks about her",
    "I walk Samira to the station until the lads at the corner have grown bored",
    "Our food bank learns which tins nobody with my neighbours’ faith can eat",
    "The rota at our care home respects Diwali as it does Christmas",
    "I will give evidence about what I saw at the checkout, although nobody asks me to",
    "Our governors publish who is excluded, by background, once a term",
    "My barbershop has a wall for pictures of local men who were first at something",
    "I learn enough Welsh sign language to say hello to the twins next door",
    "In court I shall ask that the interpreter is given the breaks she needs",
    "We return the carved stool in our vestry to the people it was taken from",
)
ADDED = (
    "and I tell the people it concerns by the first of May", "because my granddaughter asked me why nobody did",
    "starting with the very next meeting, before the biscuits", "even if my voice shakes while I do it",
    "with forty pounds of my own and whatever the raffle brings", "and a friend from the bowls club holds me to it",
    "since being quiet has never once helped", "until it is so usual that no one remembers it as new",
    "which my manager has agreed to in writing", "for as long as I have the keys to the building",
    "and every autumn somebody outside our circle judges how it went", "together with the three women who run the crèche",
    "though I know that it comes twenty years late", "on paper, on the notice board and in the newsletter",
    "after what happened at the bus stop in March", "without waiting for the county to send guidance",
    "and there will be soup", "so that Idris does not have to explain it yet again",
    "while my brother minds the shop", "no matter who chairs the committee next year",
    "by way of an apology I owe since school", "and write down honestly where I failed",
    "as the first of ten small things on my list", "with the door open for everybody who disagrees politely",
)  # fmt: skip
SUGGESTED = "Our whole team at the Kestrel depot promises to step in when a passenger is insulted, says {who}"
TEAM = (
    "Alun from vehicle wash",
    "Beata at the ticket office",
    "Carys, route nineteen",
    "Dawit in the workshop",
    "Eleri, rosters",
    "Fikret on nights",
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
    """`count` promises that people mean, no two the same: a few quote what hurt them, a team uses one sentence."""
    some = max(1, count // 50)
    made = [*QUOTING[:some], *(SUGGESTED.format(who=who) for who in TEAM[: some + 1])]
    pairs = [(deed, added) for deed in DEEDS for added in ADDED]
    chance.shuffle(pairs)
    made += [f"{deed}, {added}" for deed, added in pairs[: count - len(made)]]
    chance.shuffle(made)
    return made
