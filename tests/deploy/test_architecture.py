"""The map of the code names what there is."""

import re

import pytest

from deploy.check import ROOT

MAP = (ROOT / "docs" / "architecture.md").read_text("utf-8")
TABLE = MAP.partition("## To change this, open that")[2].partition("## Glossary")[0]
ROAD = [row for row in MAP.partition("## The rooms")[0].splitlines() if row.startswith("| ") and "`" in row]
ROWS = [row for row in TABLE.splitlines() if row.startswith("| ") and not row.startswith("| To change")]


def named(text: str) -> list[str]:
    """The files and folders in code marks; one without a folder stands in that of the one before it in its row."""
    found: list[str] = []
    for name in re.findall(r"`([\w/]+(?:\.(?:py|html|css|txt))?/?)`", text):
        if "/" in name:
            found.append(name)
        elif found and "." in name:
            found.append(f"{found[-1].rpartition('/')[0]}/{name}")
    return found


@pytest.mark.parametrize("row", [*ROAD, *ROWS])
def test_what_the_map_names_is_there(row: str) -> None:
    names = named(row)
    assert names, row
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_table_leads_to_thirty_places_at_least_and_the_tree_names_every_room() -> None:
    assert len(ROWS) >= 30
    tree = MAP.partition("## The rooms")[2].partition("## To change")[0]
    rooms = {room.name for package in ("pledges", "moderation") for room in (ROOT / package).iterdir() if room.is_dir()}
    assert sorted(room for room in rooms - {"__pycache__"} if not re.search(rf"\b{room}/", tree)) == []
