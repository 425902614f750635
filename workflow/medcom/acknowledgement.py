"""Acknowledgements (Kvittering 2.0): written for what we receive, read for what we sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflow.medcom import uris
from workflow.medcom.envelope import Envelope
from workflow.medcom.problems import HL7_CODES, Problem
from workflow.medcom.tree import Tree, each, resources, word
from workflow.medcom.writing import bundle, message_header, organisation, provenance, resource, unique

_PROFILE = uris.PROFILES + "acknowledgement/StructureDefinition/medcom-"


class Code(StrEnum):
    """How a message was received. On the wire there are only these three words."""

    OK = "ok"
    FATAL = "fatal-error"
    TRANSIENT = "transient-error"


@dataclass(frozen=True)
class Answer:
    """What is said of a message: the code, and the problems that explain one that is not ok (or "a duplicate")."""

    code: Code
    problems: tuple[Problem, ...] = ()


def write(received: Envelope, latest: Tree | None, answer: Answer, *, at: datetime) -> Tree:
    """The acknowledgement of a message, with new numbers. `latest` is its own Provenance, which goes back with it.

    `latest` must be one as FHIR R4 has it. Sender and receiver change places. It names no citizen.
    """
    header_id = unique()
    us, them = organisation(received.receiver), organisation(received.sender)
    outcome = _outcome(answer.problems) if answer.problems else None
    response: Tree = {"identifier": received.header_id, "code": answer.code.value}
    if outcome is not None:
        response["details"] = {"reference": f"OperationOutcome/{outcome['id']}"}
    header = message_header(
        header_id, uris.ACKNOWLEDGEMENT, sender=us, receiver=them, from_sor=received.receiver.sor,
        to_endpoint=received.reply_to or f"{uris.SOR_ENDPOINT}{received.sender.sor or ''}",
        profile=_PROFILE + "messaging-acknowledgementHeader", response=response,
    )  # fmt: skip
    before = [{"resourceType": "Provenance", "id": unique(), **latest}] if latest is not None else []
    own = provenance(header_id, "acknowledgement", who=us, follows=received.header_id, at=at)
    parts = [header, *([outcome] if outcome is not None else []), us, them, *before, own]
    return bundle(_PROFILE + "messaging-acknowledgement", parts, at=at)


def _outcome(problems: Iterable[Problem]) -> Tree:
    return resource(
        "OperationOutcome", _PROFILE + "acknowledgement-operationoutcome", issue=[_issue(p) for p in problems]
    )


def _issue(problem: Problem) -> Tree:
    system = uris.HL7_DETAILS if problem.detail in HL7_CODES else uris.ERROR_CODES
    issue: Tree = {"severity": "information" if problem.code == "informational" else "error", "code": problem.code}
    issue["details"] = {"coding": [{"system": system, "code": problem.detail}], "text": problem.text}
    return {**issue, "expression": [problem.where]} if problem.where else issue


def operation_outcome(problem: Problem) -> Tree:
    """What a caller is told who sent no message that could be acknowledged."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(problem)]}


@dataclass(frozen=True)
class Received:
    """An acknowledgement of something that we sent."""

    of: str
    code: Code
    said: tuple[str, ...]


def read(tree: Tree) -> Received:
    """The values of an acknowledgement that the rules have found nothing wrong with."""
    header = next(resources(tree, "MessageHeader"))
    outcome = next(resources(tree, "OperationOutcome"), None)
    details = [issue.get("details") for issue in each(outcome, "issue")]
    said = (word(detail, "text") or word(detail, "coding", 0, "code") for detail in details)
    return Received(
        of=word(header, "response", "identifier") or "", code=Code(word(header, "response", "code") or ""),
        said=tuple(text for text in said if text),
    )  # fmt: skip
