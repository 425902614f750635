"""Stylesheets, scripts, fonts and icons: at addresses that change with the content, so that browsers may keep them."""

import gzip
import hashlib
from pathlib import Path

from flask import Flask, Response, request, send_from_directory

from web.ground import rules

FOLDER = "/assets"
STATIC = Path(__file__).parent / "static"
YEAR = 365 * 24 * 3600
TEXTS = {".css", ".js", ".svg"}  # fonts are compressed already


def package_of(name: str) -> str:
    """The folder whose files are addressed together, for a stylesheet names its fonts by relative path."""
    return "/".join(name.split("/")[:2]) if name.startswith("vendor/") else ""


def fingerprints(folder: Path = STATIC) -> dict[str, str]:
    """A short SHA-256 of the names and contents of each package below `folder`."""
    hashes: dict[str, hashlib._Hash] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        hashes.setdefault(package_of(name), hashlib.sha256()).update(name.encode() + b"\0" + path.read_bytes())
    return {package: digest.hexdigest()[:16] for package, digest in hashes.items()}


def compressed(folder: Path = STATIC) -> dict[str, bytes]:
    """What is text below `folder`, by name."""
    texts = [path for path in folder.rglob("*") if path.suffix in TEXTS]
    return {path.relative_to(folder).as_posix(): gzip.compress(path.read_bytes(), mtime=0) for path in texts}


def register(app: Flask) -> None:
    """Serve the files, and let templates ask `asset("overgang.css")` for an address."""
    prints, packed = fingerprints(), compressed()

    @app.template_global()
    def asset(name: str) -> str:
        return f"{request.script_root}{FOLDER}/{prints[package_of(name)]}/{name}"  # `url_for`, without its cost

    @app.get(f"{FOLDER}/<fingerprint>/<path:name>", endpoint="assets")
    @rules.public
    def send(fingerprint: str, name: str) -> Response:
        answer = send_from_directory(STATIC, name)
        if name in packed and request.accept_encodings.best_match(["gzip"]):
            answer.close()
            answer = Response(packed[name], mimetype=answer.mimetype, headers={"Content-Encoding": "gzip"})
        answer.vary.add("Accept-Encoding")
        if fingerprint == prints.get(package_of(name)):
            answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        else:  # a page from before an upgrade, still open: today's file, not to be kept
            answer.headers["Cache-Control"] = "no-cache"
        return answer
