"""A message as plain values in FHIR's JSON form, and ways to reach into it that never fail on an odd shape."""

from collections.abc import Iterator
from typing import Any

Tree = dict[str, Any]


def pick(tree: Any, *path: str | int) -> Any:
    """What stands at the end of a path, or None where it breaks off. A number counts in a list."""
    here = tree
    for step in path:
        if isinstance(step, int):
            here = here[step] if isinstance(here, list) and -len(here) <= step < len(here) else None
        else:
            here = here.get(step) if isinstance(here, dict) else None
    return here


def word(tree: Any, *path: str | int) -> str | None:
    """The text at the end of a path, if there is text there."""
    found = pick(tree, *path)
    return found if isinstance(found, str) else None


def each(tree: Any, *path: str | int) -> Iterator[Tree]:
    """The objects of the list at the end of a path."""
    found = pick(tree, *path)
    for item in found if isinstance(found, list) else []:
        if isinstance(item, dict):
            yield item


def resources(bundle: Tree, kind: str | None = None) -> Iterator[Tree]:
    """The resources of a bundle, in order; those of one kind where one is named."""
    for entry in each(bundle, "entry"):
        resource = entry.get("resource")
        if isinstance(resource, dict) and (kind is None or resource.get("resourceType") == kind):
            yield resource


def local(reference: str | None) -> str:
    """`Type/id` of a reference, however much stands before it."""
    return "/".join((reference or "").rstrip("/").split("/")[-2:])


def resolve(bundle: Tree, reference: str | None) -> Tree | None:
    """The resource that a reference names: by type and id, for full addresses are written in many ways."""
    named = local(reference)
    if reference is None or not named:
        return None
    for entry in each(bundle, "entry"):
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            continue
        if f"{resource.get('resourceType')}/{resource.get('id')}" == named or entry.get("fullUrl") == reference:
            return resource
    return None


def extension(tree: Any, ending: str) -> Tree | None:
    """The first extension whose address ends so."""
    return next((e for e in each(tree, "extension") if str(e.get("url", "")).endswith(ending)), None)
