"""`python -m deploy.embed_script`: what `pledges/embed/script/` and the style sheet make now is released, if it is not yet.

The script is sent as it is stored, and every one that was released stays for a year after the next, since pages name it by
its integrity hash. So a change of either source is a new file in `pledges/embed/released/`, and a line in its index.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.environment import ROOT, say

if TYPE_CHECKING:
    from pledges.embed.script import Release

SOURCE = ROOT / "pledges" / "embed" / "script" / "promise-wall.js"
STYLE = ROOT / "static" / "embed.css"
RELEASED = ROOT / "pledges" / "embed" / "released"
PLACE = "/*css*/"
EXAMPLES = ROOT / "docs" / "embedding"
TAG = re.compile(r'(src="https://wall\.example\.org)/embed-[0-9a-f]+\.js" integrity="sha384-[^"]*"')


def main() -> int:
    """The newest release is what the sources make; its size is printed."""
    from pledges.embed import script

    made = built()
    name = script.name_of(made)
    index = RELEASED / script.INDEX
    listed = json.loads(index.read_text("utf-8")) if index.exists() else []
    if not listed or listed[-1]["hash"] != name:
        (RELEASED / f"embed-{name}.js").write_bytes(made)
        listed.append({"hash": name, "day": datetime.now(UTC).date().isoformat()})
    index.write_text(json.dumps(listed, indent=1) + "\n", "utf-8")
    name_in_examples(script.releases()[-1])
    say(f"embed-{name}.js: {len(made)} bytes, {len(gzip.compress(made, 9))} in gzip")
    return 0


def name_in_examples(newest: Release) -> None:
    """The examples name this release."""
    for file in sorted(EXAMPLES.glob("*.*")):
        if file.suffix not in (".html", ".md"):
            continue
        words = file.read_text("utf-8")
        named = TAG.sub(rf'\g<1>{newest.address}" integrity="{newest.integrity}"', words)
        if named != words:
            file.write_text(named, "utf-8")


def built(source: Path = SOURCE, style: Path = STYLE) -> bytes:
    """The script that the sources make: small, with its style sheet inside."""
    import rcssmin
    import rjsmin

    css = str(rcssmin.cssmin(style.read_text("utf-8"))).replace("\\", "\\\\").replace("'", "\\'")
    return str(rjsmin.jsmin(source.read_text("utf-8"))).replace(PLACE, css).encode()


if __name__ == "__main__":
    sys.exit(main())
