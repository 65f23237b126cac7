"""Which mailbox an address leads to, as the large providers say: for counting letters alone, never to find or to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What a provider does not look at in the part before the @."""

    ignored: str = ""  # characters
    tags: str = "+"  # each begins something that is left off
    home: str = ""  # the one domain for which the others stand
    below: bool = False  # ann@name.provider is name@provider


GOOGLE = Rule(ignored=".", home="gmail.com")
PROTON = Rule(ignored=".-_", home="proton.me")
YAHOO = Rule(tags="+-")
FASTMAIL = Rule(below=True)
USUAL = Rule()  # so many others know tags that they are left off everywhere; two people share a count at worst
RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), GOOGLE),
    **dict.fromkeys(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), PROTON),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), Rule(home="icloud.com")),
    **dict.fromkeys(("ymail.com", "rocketmail.com"), YAHOO),
    **dict.fromkeys(("fastmail.com", "fastmail.fm"), FASTMAIL),
    **dict.fromkeys(("yandex.ru", "yandex.com", "ya.ru"), Rule(home="yandex.ru")),
}


def mailbox(email: str) -> str:
    """The mailbox to which letters to this address come, as one name for all its spellings."""
    local, _, domain = email.strip().casefold().rpartition("@")
    domain = domain.rstrip(".")
    above = domain.partition(".")[2]
    if RULES.get(above, USUAL).below:
        local, domain = domain.partition(".")[0], above
    rule = RULES.get(domain) or (YAHOO if domain.startswith("yahoo.") else USUAL)
    kept = local
    for tag in rule.tags:
        kept = kept.partition(tag)[0] or kept  # what begins with a tag has nothing before it
    kept = "".join(char for char in kept if char not in rule.ignored) or kept
    return f"{kept}@{rule.home or domain}"
