"""The help of every screen, in plain words: what it is for, what its words mean, and what to do when."""

from flask import Flask, request

from web.guides import administration, care, oversight
from web.guides.guide import Guide

__all__ = ["GUIDES", "Guide", "screen_of", "there"]

GUIDES = care.GUIDES | oversight.GUIDES | administration.GUIDES  # in the order of the menu


def screen_of(address: str) -> str | None:
    """The screen that an address (as its route is written) belongs to: the last part of it that has a guide."""
    return next((part for part in reversed(address.split("/")) if part in GUIDES), None)


def there(app: Flask) -> dict[str, Guide]:
    """The guides of the screens that this installation has."""
    screens = {screen_of(route.rule) for route in app.url_map.iter_rules()}
    return {screen: guide for screen, guide in GUIDES.items() if screen in screens}


def register(app: Flask) -> None:
    """Let every page link to its guide; a refusal of what is no page has none."""
    app.add_template_global(lambda: screen_of(request.url_rule.rule if request.url_rule else ""), "screen_of_this_page")
