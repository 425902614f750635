"""FHIR's XML form to and from its JSON form. What repeats, and what holds what, the FHIR library's models know."""

import re
import typing
from functools import cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.utils import get_fhir_type_name
from lxml import etree

from workflow.medcom.problems import Unreadable
from workflow.medcom.tree import Tree
from workflow.medcom.uris import FHIR_NAMESPACE, XHTML_NAMESPACE

_NS = f"{{{FHIR_NAMESPACE}}}"
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ATTRIBUTES = {"url", "id"}
MAX_ATTRIBUTES = 50  # of one element: the parser compares each with all others
# No `<` stands in a tag, so each is looked at once, whatever it is; what fits none of these is not well-formed.
_CROWDED = re.compile(
    rb"<[^\s!?/<>](?:[^\"'<>]*+(?:\"[^\"<]*+\"|'[^'<]*+')){%d}" % (MAX_ATTRIBUTES + 1)
)
_TAG = re.compile(rb"<(/?)[^\s!?/<>](?:[^\"'<>]++|\"[^\"<]*+\"|'[^'<]*+')*+>")
_ASIDE = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL)

_ENCODING = re.compile(rb"\A\s*<\?xml\s.*?\bencoding\s*=\s*[\"']([^\"']*)", re.DOTALL)


def require_plain(raw: bytes, *, max_depth: int) -> None:
    """Raises Unreadable for a document that costs more to parse than its size says; its own cost is its size."""
    declared = _ENCODING.search(raw[: raw.find(b"?>")])
    if declared and declared[1].upper() != b"UTF-8":
        raise Unreadable("a DOCTYPE, or not UTF-8")
    raw = _ASIDE.sub(b"", raw)
    if _CROWDED.search(raw):
        raise Unreadable("too many attributes")
    depth = 0
    for tag in _TAG.finditer(raw):
        depth += -1 if tag[1] else not tag[0].endswith(b"/>")
        if depth > 2 * max_depth:  # of what is not the narrative, the reader says how deep exactly
            raise Unreadable("nested too deeply")


def read(raw: bytes, *, max_depth: int) -> Tree:
    """A document's root resource. Raises Unreadable for what is not well formed, or brings a DOCTYPE or entities."""
    if _DOCTYPE.search(raw):
        raise Unreadable("a DOCTYPE or an entity")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("not well-formed XML") from None
    document: Any = root.getroottree().docinfo
    if document.doctype or (document.encoding or "UTF-8").upper() != "UTF-8":
        raise Unreadable("a DOCTYPE, or not UTF-8")
    if not str(root.tag).startswith(_NS):
        raise Unreadable("not in FHIR's namespace")
    return _resource(root, max_depth)


def _name(element: etree._Element) -> str:
    return str(element.tag).removeprefix(_NS)


def _resource(element: etree._Element, depth: int) -> Tree:
    kind = _name(element)
    return {"resourceType": kind, **_complex(element, kind, depth, resource=True)}


def _complex(element: etree._Element, model: str | None, depth: int, *, resource: bool = False) -> Tree:
    if depth <= 0:
        raise Unreadable("nested too deeply")
    made: Tree = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES}
    for child in element:
        name = _name(child)
        if resource and name == "text":
            continue  # the narrative: for people, and full of them
        several, kind = _field(model, name) if model is not None else (False, None)
        value, extra = _value(child, kind, depth - 1)
        for key, part in ((name, value), (f"_{name}", extra)):
            if part is None and not several:
                continue
            if several and (part is not None or key == name):
                made.setdefault(key, []).append(part)
            elif key in made:
                raise Unreadable("an element stands twice that may stand once")
            elif not several:
                made[key] = part
    return made


def _value(child: etree._Element, kind: str | None, depth: int) -> tuple[Any, Any]:
    """The value of an element, and what a primitive has beside its value (extensions, an id)."""
    if str(child.tag) == f"{{{XHTML_NAMESPACE}}}div":
        return None, None
    if kind == "Resource":
        return (_resource(child[0], depth) if len(child) else {}), None
    if "value" in child.attrib or _is_primitive(kind):
        beside = _complex(child, "Element", depth) if len(child) else None
        text = child.get("value")
        return (_BOOLEANS.get(text, text) if kind == "boolean" and text is not None else text), beside
    return _complex(child, kind, depth), None


_BOOLEANS: dict[str, Any] = {"true": True, "false": False}


def _is_primitive(kind: str | None) -> bool:
    return kind is not None and kind[:1].islower()


@cache
def _field(model: str, name: str) -> tuple[bool, str | None]:
    """Whether an element repeats, and what it holds: a primitive's name in lower case, a model's, or "Resource"."""
    try:
        fields: dict[str, Any] = get_fhir_model_class(model).model_fields
    except ValueError:
        return False, None
    field = next((field for own, field in fields.items() if name in {field.alias, own}), None)
    if field is None:
        return False, None
    inner, several = field.annotation, False
    while typing.get_origin(inner) is not None and typing.get_origin(inner) is not typing.Annotated:
        several = several or typing.get_origin(inner) is list
        inner = next(part for part in typing.get_args(inner) if part is not type(None))
    held = str(getattr(inner, "__name__", "")).removesuffix("Type")
    return several, held if _is_model(held) else str(get_fhir_type_name(field, "R4B."))


def _is_model(name: str) -> bool:
    try:
        return name == "Resource" or get_fhir_model_class(name) is not None
    except ValueError:
        return False


def write(tree: Tree) -> bytes:
    """A resource as an XML document. The elements keep the order in which they stand in `tree`."""
    root = _element(tree)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _element(resource: Tree) -> etree._Element:
    namespaces: Any = {None: FHIR_NAMESPACE}
    made = etree.Element(_NS + resource["resourceType"], nsmap=namespaces)
    _fill(made, {name: value for name, value in resource.items() if name != "resourceType"}, resource=True)
    return made


def _fill(parent: etree._Element, values: Tree, *, resource: bool = False) -> None:
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if name in _ATTRIBUTES and not resource:
                parent.set(name, item)
            elif name == "div":
                parent.append(etree.fromstring(item))
            elif isinstance(item, dict) and "resourceType" in item:
                etree.SubElement(parent, _NS + name).append(_element(item))
            elif isinstance(item, dict):
                _fill(etree.SubElement(parent, _NS + name), item)
            else:
                text = ("true" if item else "false") if isinstance(item, bool) else str(item)
                etree.SubElement(parent, _NS + name).set("value", text)
