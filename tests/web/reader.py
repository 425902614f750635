"""A reader whose browser runs no script: sees pages, presses buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SPOKEN = {"aria-label", "title", "alt", "placeholder"}  # attributes that are read aloud or shown
VOID = {"meta", "link", "input", "br", "hr", "img"}


@dataclass
class Form:
    """A form as it would be sent: its address, how, and its fields but for the pressed button."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """What a page says and offers; its links within it lead somewhere.

    `texts` leaves out instants and keys, which are no words.
    """

    def __init__(self, answer: TestResponse) -> None:
        super().__init__()
        self.answer, self.html = answer, answer.text
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.open: list[str] = []
        self.feed(self.html)
        ids = {values["id"] for _, values in self.tags if "id" in values}
        within = {values["href"][1:] for tag, values in self.tags if tag == "a" and values["href"].startswith("#")}
        assert within <= ids, f"links that lead nowhere on the page: {within - ids}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if tag not in VOID:
            self.open.append(tag)
        self.texts += [value for name, value in values.items() if name in SPOKEN]
        if tag == "form":
            self.forms.append(Form(values["action"], values.get("method", "get")))
        elif tag == "input":
            if values.get("type") not in {"checkbox", "radio"} or "checked" in values:
                self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "button" and "form" in self.open:
            self.forms[-1].buttons.append(values)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not {"time", "script", "style", "kbd"} & set(self.open):
            self.texts.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        """All words, one after the other."""
        return " ".join(self.texts)

    def first(self, tag: str, **having: str) -> dict[str, str]:
        """The attributes of the first such element."""
        wanted = {name.replace("_", "-"): value for name, value in having.items()}
        return next(values for name, values in self.tags if name == tag and wanted.items() <= values.items())


@dataclass
class Reader:
    """Follows redirects, keeps cookies."""

    client: FlaskClient

    def sees(self, address: str) -> Page:
        """Open a page."""
        return Page(self.client.get(address, follow_redirects=True))

    def signs_in(self, username: str) -> Page:
        """As somebody of the demo, by their card."""
        return self.presses(self.sees("/sign-in"), data_demo_user=username)

    def sends(self, page: Page, address: str, **typed: str) -> Page:
        """Fill in the form that goes to this address, and see where it leads."""
        form = next(form for form in page.forms if form.action == address and form.method == "post")
        return Page(self.client.post(address, data=form.fields | typed, follow_redirects=True))

    def presses(self, page: Page, **button: str) -> Page:
        """Press the first button that has these attributes, and see where it leads."""
        wanted = {name.replace("_", "-"): value for name, value in button.items()}
        for form in page.forms:
            for pressed in form.buttons:
                if wanted.items() <= pressed.items():
                    sent = form.fields | ({pressed["name"]: pressed["value"]} if "name" in pressed else {})
                    return Page(self.client.post(form.action, data=sent, follow_redirects=True))
        raise AssertionError(f"no button {wanted}")
