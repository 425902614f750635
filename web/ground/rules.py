"""Who may ask for what: the rule of each route stands where the route is, and a route without one is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from flask import Flask

from workflow.vocabulary import Role, Scope

View = TypeVar("View", bound=Callable[..., Any])


class Who(IntEnum):
    """How much must be known of who asks."""

    PUBLIC = 0
    HALF = 1  # gave a password, and no code yet
    KNOWN = 2  # is signed in, and may still have to choose in which role
    ACTING = 3
    PROGRAM = 4  # shows a token


@dataclass(frozen=True)
class Rule:
    """Who may ask; with `roles`, only who acts in one of them; a program, only whose token has the `scope`."""

    who: Who
    roles: frozenset[Role] = frozenset()
    scope: Scope | None = None

    def __call__(self, view: View) -> View:
        """Declare it: the line right above the view."""
        view.rule = self  # type: ignore[attr-defined]
        return view


public, half, known, acting = (Rule(who) for who in (Who.PUBLIC, Who.HALF, Who.KNOWN, Who.ACTING))


def only(*roles: Role) -> Rule:
    """Who acts in one of these."""
    return Rule(Who.ACTING, frozenset(roles))


def program(scope: Scope) -> Rule:
    """A program whose token has this scope."""
    return Rule(Who.PROGRAM, scope=scope)


def of(app: Flask, endpoint: str) -> Rule | None:
    """The rule of a route; None: nobody wrote one."""
    return getattr(app.view_functions[endpoint], "rule", None)
