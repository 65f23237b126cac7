"""A campaign's own colours, as a style sheet."""

from __future__ import annotations

import re

from pledges.models import Campaign

COLOURS = ("campaign", "on-campaign", "campaign-ink", "accent", "on-accent")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def colours_css(campaign: Campaign) -> str:
    """The campaign's colours that are colours."""
    own, dark = in_light_and_dark(campaign)
    if not own:
        return ""
    # written twice in the selector, so that it outweighs the dark scheme of the common style sheet
    return f":root:root {{ {_declared(own)} }}\n@media (prefers-color-scheme: dark) {{ :root:root:root {{ {_declared(dark)} }} }}\n"


def in_light_and_dark(campaign: Campaign) -> tuple[dict[str, str], dict[str, str]]:
    """The campaign's colours that are colours; in the dark its ink is mixed with white, for links and buttons."""
    given = {name.replace("_", "-"): value for name, value in (campaign.colours or {}).items()}
    own = {name: given[name] for name in COLOURS if _COLOUR.fullmatch(str(given.get(name, "")))}
    dark = dict(own)
    if "campaign-ink" in own:
        pale = _mixed_with_white(own["campaign-ink"], 0.6)
        dark |= {"campaign-ink": pale, "button": pale, "on-button": "#111119"}
    return own, dark


def _declared(values: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def _mixed_with_white(colour: str, share: float) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part * (1 - share) + 255 * share):02x}" for part in parts)
