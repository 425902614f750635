"""FHIR's own structure, checked by the FHIR library: what is unknown, missing, or of the wrong type."""

from collections.abc import Iterator

from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.provenance import Provenance
from pydantic import ValidationError

from workflow.medcom.problems import DATATYPE_WRONG, REQUIRED, Problem
from workflow.medcom.tree import Tree

SHOWN = 10  # problems; the first ones say enough


def problems(bundle: Tree) -> list[Problem]:
    """What FHIR R4 says is wrong with a bundle."""
    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        return list(_said(error))
    except Exception:  # the library meets shapes that it was not written for; whatever it says, the message is invalid
        return [Problem("structure", DATATYPE_WRONG, "Bundle", "The message is not valid FHIR R4.")]
    return []


def is_provenance(tree: Tree) -> bool:
    """Whether this is a Provenance as FHIR R4 has it, which may go back with an answer."""
    try:
        Provenance.model_validate(tree)
    except Exception:  # as above: whatever the library says, it is none
        return False
    return True


def _said(error: ValidationError) -> Iterator[Problem]:
    for one in error.errors(include_input=False, include_url=False, include_context=False)[:SHOWN]:
        where, kind = _path(one["loc"]), one["type"]
        if kind == "missing":
            yield Problem("required", REQUIRED, where, "A required element is missing.")
        elif kind == "extra_forbidden":
            yield Problem("structure", DATATYPE_WRONG, where, "FHIR R4 has no such element here.")
        elif "Expect any of field value from this list" in one["msg"]:
            wanted = one["msg"].partition("list ")[2].rstrip(".")
            yield Problem("required", REQUIRED, where, f"One of these is required: {wanted}.")
        else:
            yield Problem("value", DATATYPE_WRONG, where, "The value or shape is not one that FHIR R4 allows here.")


def _path(steps: tuple[int | str, ...]) -> str:
    path = "Bundle"
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if str(step).isidentifier() else ""
    return path[:200]
