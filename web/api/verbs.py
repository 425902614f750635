"""A verb of the interface: its address, its scope, and a function whose annotations are its shapes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, get_type_hints

from flask import Flask, Response, request
from sqlalchemy.orm import Session as OpenSession

from web.api import models
from web.api.models import Given, Query, Taken
from web.ground import looks, programs, rules
from web.ground.forgery import own_credential
from web.ground.looks import Desk
from workflow import answers
from workflow.actor import Actor
from workflow.answers import Asked
from workflow.errors import Invalid
from workflow.seeing import sight
from workflow.seeing.access_log import Visit
from workflow.seeing.sight import Sight
from workflow.tables import Citizen, Episode
from workflow.vocabulary import Look, Scope

PREFIX = "/api/v1"
KEY, PURPOSE = "Idempotency-Key", "X-Purpose"
LONGEST_KEY = 200

View = TypeVar("View", bound=Callable[..., Given])


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a verb works with: the desk, and how far the token reaches."""

    desk: Desk
    scopes: frozenset[Scope]

    @property
    def session(self) -> OpenSession:
        return self.desk.session

    @property
    def seen(self) -> Sight:
        return self.desk.seen

    @property
    def by(self) -> Actor:
        return self.desk.by

    @property
    def at(self) -> datetime:
        return self.desk.at

    @property
    def visit(self) -> Visit:
        return self.desk.visit

    def kind(self, kind: Look) -> Look:
        """How a look at citizens is written down: with whole numbers, it is that."""
        return Look.CPR_SHOWN if Scope.CPR_READ in self.scopes else kind

    def shows(self, *episodes: Episode, kind: Look = Look.LIST) -> None:
        """Write down that these are shown."""
        sight.record(self.session, self.seen, episodes, visit=self.visit, kind=self.kind(kind))

    def cpr(self, citizen: Citizen) -> str:
        """The number, masked where the token does not reach further."""
        return citizen.cpr.value if Scope.CPR_READ in self.scopes else citizen.cpr.masked


@dataclass(frozen=True, kw_only=True)
class Verb:
    """One verb. `takes` is its body, `asks` what may stand in the address after the question mark."""

    name: str
    method: str
    path: str  # as Flask writes it, below PREFIX
    scope: Scope
    says: str
    view: Callable[..., Given]
    takes: type[Taken] | None
    asks: type[Query] | None
    gives: type[Given]
    changes: bool
    status: int

    def answer(self, **numbers: Any) -> Response:
        """Read, do, and write: one transaction, and in it the answer that the same question gets again."""
        bearer = programs.asking()
        assert bearer is not None, "the rule of the route has let nobody in"
        if self.takes is not None:
            numbers["body"] = models.body(self.takes)
        if self.asks is not None:
            numbers["query"] = models.query(self.asks)
        asked = _asked(bearer.token_id) if self.changes else None
        with looks.looking(f"api_{self.name}", purpose=request.headers.get(PURPOSE)) as desk:
            if asked is not None and (before := answers.earlier(desk.session, asked)) is not None:
                return _written(before.body, before.status)
            given = self.view(Call(desk=desk, scopes=bearer.scopes), **numbers).model_dump_json()
            if asked is not None:
                answers.keep(desk.session, asked, self.status, given, at=desk.visit.at)
        return _written(given, self.status)


def _asked(token_id: int) -> Asked | None:
    """Under which key this is asked; None without one. Raises Invalid."""
    key = request.headers.get(KEY)
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= sign <= "~" for sign in key):
        raise Invalid("not_a_key")
    what = f"{request.method} {request.path}\n".encode()
    return Asked(token_id=token_id, key=key, question=what + request.get_data())


def _written(body: str, status: int) -> Response:
    return Response(body, status, content_type="application/json")


class Interface:
    """Every verb there is, as the routes of an application and for whoever describes them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.verbs: list[Verb] = []

    def read(self, path: str, scope: Scope) -> Callable[[View], View]:
        """A verb that shows something."""
        return self._verb("GET", path, scope, changes=False, status=200)

    def search(self, path: str, scope: Scope) -> Callable[[View], View]:
        """A verb that shows something, and is told what by a body: a number of a citizen stands in no address."""
        return self._verb("POST", path, scope, changes=False, status=200)

    def change(self, path: str, scope: Scope, *, status: int = 200) -> Callable[[View], View]:
        """A verb that changes something. Its answer names no citizen: what it shows is no look."""
        return self._verb("POST", path, scope, changes=True, status=status)

    def _verb(self, method: str, path: str, scope: Scope, *, changes: bool, status: int) -> Callable[[View], View]:
        def add(view: View) -> View:
            hints = get_type_hints(view)
            verb = Verb(
                name=view.__name__, method=method, path=path, scope=scope, says=view.__doc__ or "", view=view,
                takes=hints.get("body"), asks=hints.get("query"), gives=hints["return"], changes=changes, status=status,
            )  # fmt: skip
            self.verbs.append(verb)

            @own_credential
            @rules.program(scope)
            def route(**numbers: Any) -> Response:
                return verb.answer(**numbers)

            self.app.add_url_rule(f"{PREFIX}{path}", f"api_{verb.name}", route, methods=[method])
            return view

        return add
