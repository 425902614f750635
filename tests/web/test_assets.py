"""What browsers load: ours, whole, from here, and kept until it changes."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.reader import Page
from tests.web.routes import enter
from web.assets import STATIC, fingerprints
from workflow.tables import Episode

CHECKS = Path(__file__).parent.parent / "browser" / "vendor"
VENDORED = sorted([*(STATIC / "vendor").iterdir(), *CHECKS.iterdir()])
STYLESHEETS = sorted(STATIC.rglob("*.css"))
FIRST_PAGE = 100_000  # bytes, compressed, without fonts
TEMPLATES = sorted((STATIC.parent / "templates").rglob("*.html"))


@pytest.mark.parametrize("package", VENDORED, ids=lambda path: path.name)
def test_a_vendored_package_is_what_its_manifest_says(package: Path) -> None:
    manifest = json.loads((package / "MANIFEST.json").read_text())
    assert {"package", "version", "licence"} <= manifest.keys()
    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    del files["MANIFEST.json"]
    assert "LICENSE" in files
    assert {name: hashlib.sha512(path.read_bytes()).hexdigest() for name, path in files.items()} == manifest["files"]


@pytest.mark.parametrize("stylesheet", STYLESHEETS, ids=lambda path: path.name)
def test_a_stylesheet_names_only_files_that_are_here(stylesheet: Path) -> None:
    css = stylesheet.read_text()
    named = re.findall(r"""url\(["']?([^"')]+)""", css)
    assert [name for name in named if not (stylesheet.parent / name).is_file()] == []
    assert re.search(r"https?:|@import|sourceMappingURL", css) is None


def test_at_most_three_fonts() -> None:
    fonts = [path for path in STATIC.rglob("*") if path.suffix in {".woff2", ".woff", ".ttf", ".eot", ".otf"}]
    assert len(fonts) <= 3
    assert {path.suffix for path in fonts} == {".woff2"}


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "vendor/dkfds/img/icons.svg").read_text()))
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r"""(?:icon|alert)\("(\w+)"|icons\.svg'\) \}\}#(\w+)""", path.read_text())
    }
    assert {one or other for one, other in named} - sprite == set()
    assert {"success", "warning", "error", "info"} <= sprite  # by the state of a part


def test_every_file_that_a_page_loads_is_there_and_may_be_kept(client: FlaskClient) -> None:
    page = Page(client.get("/status"))
    named = {values[name] for tag, values in page.tags for name in ("src", "href") if name in values and tag != "a"}
    for address in sorted(address.partition("#")[0] for address in named):
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("name", ["overgang.css", "vendor/htmx/htmx.min.js", "vendor/dkfds/img/icons.svg"])
def test_a_text_is_sent_compressed_to_who_can_read_that(client: FlaskClient, name: str) -> None:
    address = f"/assets/0123456789abcdef/{name}"
    with client.get(address) as plain, client.get(address, headers={"Accept-Encoding": "gzip, br"}) as packed:
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.get_data()) == plain.get_data() == (STATIC / name).read_bytes()
        assert len(packed.get_data()) < len(plain.get_data())
        assert plain.mimetype == packed.mimetype
        assert "Accept-Encoding" in plain.vary
        assert "Accept-Encoding" in packed.vary


def test_the_first_page_after_signing_in_is_small(app: Flask, arriving: Episode) -> None:
    client = app.test_client()
    enter(client, "tryghed")
    page = Page(client.get("/overgange"))
    named = {values.get("href") or values.get("src") or "" for tag, values in page.tags if tag not in {"a", "form"}}
    loaded = {"/overgange": len(gzip.compress(page.text.encode()))}  # compressed on the way, by the proxy
    for address in {one.partition("#")[0] for one in named if one.startswith("/assets/")}:
        with client.get(address, headers={"Accept-Encoding": "gzip"}) as answer:
            loaded[address] = len(answer.get_data())
    assert {path.rpartition(".")[2] for path in loaded} >= {"css", "js", "svg"}
    assert sum(loaded.values()) < FIRST_PAGE, loaded


def test_a_file_beside_a_stylesheet_has_the_same_address_so_it_may_be_kept_too(client: FlaskClient) -> None:
    stylesheet = Page(client.get("/status")).first("link", rel="stylesheet")["href"]
    with client.get(stylesheet.replace("css/dkfds.min.css", "fonts/IBMPlexSans-Regular.woff2")) as answer:
        assert answer.mimetype == "font/woff2"
        assert "immutable" in answer.headers["Cache-Control"]


def test_an_address_from_before_an_upgrade_still_answers_but_is_not_kept(client: FlaskClient) -> None:
    with client.get("/assets/0123456789abcdef/overgang.css") as answer:
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "none.css", "vendor/dkfds"])
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/assets/0123456789abcdef/{name}").status_code == 404


def test_an_address_changes_with_the_content_of_its_package_only(tmp_path: Path) -> None:
    (tmp_path / "vendor" / "one").mkdir(parents=True)
    (tmp_path / "own.css").write_text("a{}")
    (tmp_path / "vendor" / "one" / "x.css").write_text("b{}")
    before = fingerprints(tmp_path)
    (tmp_path / "own.css").write_text("a{color:red}")
    after = fingerprints(tmp_path)
    assert before[""] != after[""]
    assert before["vendor/one"] == after["vendor/one"]
