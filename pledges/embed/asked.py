"""What an embedding page asks for: mode, number, theme, scheme and looks. What cannot be read is as if it had not been said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pledges.web.spelling import LANGUAGES, LOOKS

MODES = ("wall", "compact", "count")
SCHEMES = {"light": "light", "dark": "dark", "auto": "light dark"}
USUAL, MOST = 12, 100
LEVELS = range(1, 7)
# The looks that a frame takes in its address, as the element takes them in custom properties with --pw- before them.
LENGTHS = ("radius", "joint", "pad")
COLOURS = tuple(each for each in LOOKS if each not in (*LENGTHS, "words"))
_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_LENGTH = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)(px|rem|em)?")
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", sans-serif'

# What is read on what, ours where nothing is said: a pair that is harder to read than this is left out.
READABLE = 4.5
PAIRS = (("on-accent", "accent"), ("ink", "paper"), ("link", "paper"), ("link", "ground"), ("ink", "ground"))
OURS = {
    "light": {"accent": "#232a68", "on-accent": "#ffffff", "link": "#2b3590", "paper": "#ffffff", "ink": "#17172b"},
    "dark": {"accent": "#b3bcff", "on-accent": "#111119", "link": "#b3bcff", "paper": "#1c1c29", "ink": "#f1f0f6"},
}


@dataclass(frozen=True)
class Asked:
    """What was said, in the form in which it is used."""

    mode: str = "wall"
    limit: int = USUAL
    theme: str = ""
    scheme: str = "auto"
    level: int = 2
    looks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Asked:
        mode, scheme = given.get("mode", ""), given.get("scheme", "")
        level = _whole(given.get("level", ""), 2)
        return cls(
            mode=mode if mode in MODES else MODES[0],
            limit=min(_whole(given.get("limit", ""), USUAL), MOST),
            theme=given.get("theme", "")[:40],
            scheme=scheme if scheme in SCHEMES else "auto",
            level=level if level in LEVELS else 2,
            looks=looks(given),
        )

    @property
    def css(self) -> str:
        """The looks as a style sheet of the frame."""
        said = {name: SANS if name == "words" else value for name, value in self.looks.items()}
        return f":root {{ {' '.join(f'--pw-{name}: {value};' for name, value in said.items())} }}\n" if said else ""


def meaning(given: dict[str, str]) -> dict[str, str]:
    """The same question in its one spelling, without what means nothing, or what is meant anyway."""
    asked, usual = Asked.read(given), Asked()
    said = {
        name: str(value)
        for name in ("mode", "limit", "theme", "scheme", "level")
        if (value := getattr(asked, name)) != getattr(usual, name)
    }
    said |= asked.looks
    said |= {"lang": given["lang"]} if given.get("lang") in LANGUAGES else {}
    said |= {"style": "none"} if given.get("style") == "none" else {}
    said |= {"still": "1"} if given.get("still") == "1" else {}
    return {name: said[name] for name in given if name in said}


def looks(given: Mapping[str, str]) -> dict[str, str]:
    """What of it is a colour that can be read beside the others, a length, or the one other kind of letters."""
    found = {name: value for name in COLOURS if (value := colour(given.get(name, "")))}
    for name in LENGTHS:
        length = _LENGTH.fullmatch(given.get(name, ""))
        found |= {name: f"{length[1]}{length[2] or 'px'}"} if length else {}
    found |= {"words": "sans"} if given.get("words") == "sans" else {}
    while worst := unreadable(found, given.get("scheme", "")):
        found = {name: value for name, value in found.items() if not any(name in pair for pair in worst)}
    return found


def colour(text: str) -> str:
    """The colour that is written here in hexadecimal, in its long form; none: an empty string."""
    match = _HEX.fullmatch(text)
    if match is None:
        return ""
    digits = match[1].lower()
    return "#" + ("".join(each * 2 for each in digits) if len(digits) == 3 else digits)


def unreadable(given: Mapping[str, str], scheme: str) -> list[tuple[str, str]]:
    """The pairs of these colours that cannot be read, one on the other, in some scheme in which they would be shown."""
    schemes = [scheme] if scheme in OURS else [*OURS]
    found = []
    for pair in PAIRS:
        said = [each for each in pair if each in given]
        worst = min((_between(pair, {**OURS[each], **given}) for each in schemes), default=READABLE)
        if said and worst < READABLE:
            found.append(pair)
    return found


def _between(pair: tuple[str, str], colours: Mapping[str, str]) -> float:
    return contrast(colours[pair[0]], colours[pair[1]]) if pair[1] in colours else 21.0


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2 between two colours in the long form."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _whole(text: str, usual: int) -> int:
    """The number that is written here; anything else is the usual one. Nothing is a number, too: none of them."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else usual
