"""The main menu: which pages somebody finds there, as they act now."""

from dataclasses import dataclass

from flask import Flask, current_app, g

from web.ground.language import gettext
from workflow.lists import inbox
from workflow.staff.sign_ins import SignedIn
from workflow.vocabulary import Role

CARE = {Role.DISCHARGE_COORDINATOR, Role.WARD_NURSE, Role.MUNICIPAL_NURSE, Role.FACILITY_NURSE}
PATIENTS = CARE | {Role.MANAGER}


@dataclass(frozen=True)
class Item:
    """One entry: the page, what it is called there, and how much waits on it, as it is shown."""

    endpoint: str
    label: str
    waiting: str = ""


def items() -> list[Item]:
    """The entries for who is signed in, in their order."""
    found: SignedIn | None = g.get("signed_in")
    role = found.role if found is not None and found.role is not None and not found.lacks else None
    rows = (
        ("overview_page", gettext("Overview"), {Role.MANAGER}),
        ("board_page", gettext("Transitions"), PATIENTS),
        ("tasks_page", gettext("Tasks"), CARE),
        ("inbox_page", gettext("Inbox"), PATIENTS),
        ("places_page", gettext("Places"), PATIENTS),
        ("missed_page", gettext("Missed"), {Role.MANAGER}),
        ("cluster_page", gettext("Cluster"), {Role.MANAGER}),
        ("people_page", gettext("People"), {Role.ADMINISTRATOR}),
        ("units_page", gettext("Units"), {Role.ADMINISTRATOR}),
        ("systems_page", gettext("Systems"), {Role.ADMINISTRATOR}),
        ("agreements_page", gettext("Agreements"), {Role.ADMINISTRATOR}),
        ("texts_page", gettext("Texts"), {Role.ADMINISTRATOR}),
        ("sign_ins_page", gettext("Signed in"), {Role.ADMINISTRATOR}),
        ("roles_page", gettext("Roles"), {Role.ADMINISTRATOR, Role.MANAGER}),
        ("revision_page", gettext("Access log"), {Role.ADMINISTRATOR, Role.MANAGER}),
        ("status_page", gettext("System status"), {Role.ADMINISTRATOR, Role.OPERATOR}),
    )
    there = current_app.view_functions
    found_there = [(endpoint, label) for endpoint, label, roles in rows if role in roles and endpoint in there]
    waiting = {"inbox_page": _unread()}
    return [Item(endpoint, label, waiting.get(endpoint, "")) for endpoint, label in found_there]


def aside() -> list[Item]:
    """What is seldom needed, at the foot of every page: emergency access for who sees citizens; how the system is."""
    found: SignedIn | None = g.get("signed_in")
    sees = found is not None and not found.lacks and found.role in PATIENTS
    emergency = [Item("emergency_page", gettext("Emergency access"))] if sees else []
    return [*emergency, Item("status_page", gettext("System status"))]


def _unread() -> str:
    """How much the inbox holds, where the page is about citizens; another page does not ask."""
    count = g.unread() if "unread" in g else 0
    return f"{inbox.COUNTED}+" if count > inbox.COUNTED else str(count or "")


def register(app: Flask) -> None:
    """Let every page show it."""
    app.context_processor(lambda: {"menu": items, "aside": aside})
