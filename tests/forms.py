"""What a page offers: its forms with their fields as they stand, read from the HTML as a browser does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Control:
    """A field of a form; `on` is whether it would be sent as it stands."""

    name: str
    value: str
    kind: str  # hidden, checkbox, radio, submit, text, select, textarea
    on: bool
    words: str = ""  # of a button


@dataclass
class Form:
    """A form of a page: where it goes, and what it holds."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)

    def sent(self, button: str | None = None, **changed: str | list[str]) -> dict[str, list[str]]:
        """What a browser would send as the form stands, with these changes, by the button of this value."""
        fields: dict[str, list[str]] = {}
        for control in self.controls:
            pressed = control.kind == "submit" and control.value == button
            if control.name and (pressed or (control.on and control.kind != "submit")):
                fields.setdefault(control.name, []).append(control.value)
        for name, value in changed.items():
            fields[name] = value if isinstance(value, list) else [value]
        return fields

    def values(self, name: str) -> list[str]:
        """Every value that this name may take."""
        return [control.value for control in self.controls if control.name == name]


# What forms are made of; the rest of a page need not be read. A value holds no ">": it is written "&gt;".
PARTS = re.compile(
    r"<button\b.*?</button>|<textarea\b.*?</textarea>|</?(?:form|input|select|option)\b[^>]*>", re.DOTALL
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.loose: list[tuple[str, Control]] = []
        self.open: Form | None = None
        self.select = ""
        self.chosen: Control | None = None
        self.button: Control | None = None
        self.area: Control | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self.open)
            if "id" in given:
                self.by_id[given["id"]] = self.open
        elif tag == "input":
            kind = given.get("type", "text")
            on = kind not in ("checkbox", "radio") or "checked" in given
            self._add(Control(given.get("name", ""), given.get("value", "on"), kind, on), given)
        elif tag == "textarea":
            self.area = Control(given.get("name", ""), "", "textarea", True)
            self._add(self.area, given)
        elif tag == "button":
            self.button = Control(given.get("name", ""), given.get("value", ""), given.get("type", "submit"), False)
            self._add(self.button, given)
        elif tag == "select":
            self.select = given.get("name", "")
        elif tag == "option" and self.select:
            first = not any(control.name == self.select for control in (self.open.controls if self.open else []))
            if "selected" in given and self.open is not None:  # then not the first
                for control in self.open.controls:
                    control.on = control.on and control.name != self.select
            self._add(Control(self.select, given.get("value", ""), "select", first or "selected" in given), given)

    def _add(self, control: Control, given: dict[str, str]) -> None:
        if "form" in given:
            self.loose.append((given["form"], control))
        elif self.open is not None:
            self.open.controls.append(control)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select":
            self.select = ""
        elif tag == "button":
            self.button = None
        elif tag == "textarea" and self.area is not None:
            self.area.value = self.area.value.removeprefix("\n")  # HTML drops it
            self.area = None

    def handle_data(self, data: str) -> None:
        if self.button is not None:
            self.button.words += data
        if self.area is not None:
            self.area.value += data


def forms(page: str) -> list[Form]:
    """The forms of a page, in its order."""
    reader = _Reader()
    reader.feed("".join(PARTS.findall(page)))
    for name, control in reader.loose:
        reader.by_id[name].controls.append(control)
    return reader.forms


def form(page: str, action: str) -> Form:
    """The form that goes to an address with this ending."""
    found = [each for each in forms(page) if each.action.split("?")[0].endswith(action)]
    assert found, f"no form goes to {action}: {[each.action for each in forms(page)]}"
    return found[0]
