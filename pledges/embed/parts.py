"""What stands in an embedded wall, as a tree: the script makes elements of it in the host's page, the server makes HTML.

A node is a text, or a list: first `tag.names`, then attributes and further nodes. There are four attributes: `lang`, `dir`,
`to` (a path of ours, without its slash) and `k`, by which a link is found again when it is drawn anew. A logo is no more than
its `src` (such a path, too), `alt`, and the size at which it stands; the script draws it without a picture of the host's policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pledges.figures import motifs

Node = Any  # str | dict | list
MOTIF, LOGO, HEADING = "motif", "logo", "h2"
LARGEST = (96, 40)  # of a logo, in points
_MOTIF = Markup('<svg class="pw-motif" viewBox="0 0 9 9" aria-hidden="true"><path d="{}"/></svg>')

_LOGO = Markup(
    '<img class="pw-logo" src="{home}/{src}" alt="{alt}" width="{w}" height="{h}" loading="lazy" decoding="async">'
)


def logo(path: str, alt: str, width: int, height: int) -> Node:
    """The picture of these points, no larger than its place."""
    scale = min(1.0, *(most / max(1, size) for most, size in zip(LARGEST, (width, height), strict=True)))
    size = {"w": max(1, round(width * scale)), "h": max(1, round(height * scale))}
    return [LOGO, {"src": path.removeprefix("/"), "alt": alt, **size}]


def node(name: str, *inside: Node) -> list[Node]:
    """The element, with what is given inside it; nothing is left out of it but nothing."""
    return [name, *(each for each in inside if each not in (None, "", [], {}))]


@dataclass(frozen=True)
class Drawing:
    """How trees become HTML: links begin with `home`, headings are of this level."""

    home: str
    level: int = 2
    target: str = ""

    def html(self, tree: Node) -> Markup:
        if not isinstance(tree, list):
            return Markup.escape(tree)
        tag, _, names = str(tree[0]).partition(".")
        if tag == LOGO:
            return _LOGO.format(home=self.home, **tree[1])
        if tag == MOTIF:
            return _MOTIF.format(motifs.outline_of(tree[1]))
        said = {"class": " ".join(f"pw-{name}" for name in names.split())} if names else {}
        said |= {"role": "list"} if tag == "ol" else {}  # which Safari forgets where no numbers are shown
        inside = Markup("")
        for each in tree[1:]:
            if isinstance(each, dict):
                said |= self._attributes(each)
            else:
                inside += self.html(each)
        head = Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in said.items())
        return Markup("<{0}{1}>{2}</{0}>").format(f"h{self.level}" if tag == HEADING else tag, head, inside)

    def _attributes(self, given: dict[str, Any]) -> dict[str, str]:
        found = {"lang": given["lang"]} if given.get("lang") else {}
        found |= {"dir": "auto"} if given.get("dir") else {}
        if "to" in given:
            found |= {"href": f"{self.home}/{given['to']}"}
            found |= {"target": self.target, "rel": "noopener"} if self.target else {}
        return found
