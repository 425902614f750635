"""Fetches the pinned front-end packages: what pages use, and what checks them; maintainers run `make vendor`."""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
VENDOR = ROOT / "web" / "static" / "vendor"
CHECKS = ROOT / "tests" / "browser" / "vendor"
ICONS = ("check", "close", "error", "info", "menu", "success", "time", "warning")  # what templates may name
FONTS = {"400": "Regular", "500": "Medium", "600 700": "SemiBold"}  # bold is drawn semi-bold: three files, not eight

FONT_FACE = """@font-face{{font-display:swap;font-family:IBM Plex Sans;font-style:normal;font-weight:{weight};\
src:url(../fonts/IBMPlexSans-{name}.woff2) format("woff2")}}"""


def main() -> None:
    """Replace the packages. Raises CalledProcessError where npm cannot fetch."""
    with tempfile.TemporaryDirectory() as folder:
        dkfds(unpack("dkfds", "11.2.0", Path(folder)))
        htmx(unpack("htmx.org", "4.0.1", Path(folder)))
        axe(unpack("axe-core", "4.14.1", Path(folder)))


def unpack(name: str, version: str, folder: Path) -> Path:
    """Fetch one package through npm, which checks its integrity; returns the unpacked folder."""
    click.echo(f"fetching {name} {version}")
    answer = subprocess.run(
        ["npm", "pack", f"{name}@{version}", "--json"], cwd=folder, check=True, capture_output=True, text=True
    )
    with tarfile.open(folder / json.loads(answer.stdout)[0]["filename"]) as archive:
        archive.extractall(folder / name, filter="data")
    return folder / name / "package"


def dkfds(package: Path) -> None:
    """The stylesheet with woff2 fonts only and without the icon classes, the icons that it still names, one sprite."""
    target = emptied("dkfds")
    css, names = reduced((package / "dist/css/dkfds.min.css").read_text())
    write(target / "css/dkfds.min.css", css)
    for icon in names:
        copy(package / "dist/img/svg-icons" / icon, target / "img/svg-icons" / icon)
    write(target / "img/icons.svg", sprite((package / "dist/img/all-svg-icons.svg").read_text()))
    for font in FONTS.values():
        file = f"IBMPlexSans-{font}.woff2"
        copy(package / "dist/fonts/IBMPlexSans/complete/woff2" / file, target / "fonts" / file)
    copy(package / "LICENSE.md", target / "LICENSE")
    manifest(target, package)


def htmx(package: Path) -> None:
    """The one script."""
    target = emptied("htmx")
    copy(package / "dist/htmx.min.js", target / "htmx.min.js")
    copy(package / "LICENSE", target / "LICENSE")
    manifest(target, package)


def axe(package: Path) -> None:
    """What the tests hold pages against; no page loads it."""
    target = emptied("axe-core", CHECKS)
    copy(package / "axe.min.js", target / "axe.min.js")
    copy(package / "LICENSE", target / "LICENSE")
    manifest(target, package)


def reduced(css: str) -> tuple[str, list[str]]:
    """The stylesheet cut down, and the names of the icon files that it still needs."""
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r"\.icon-[\w-]+:not\(a\)\{background-image:url\([^)]*\)\}", "", css)
    css = re.sub(r"background-image:url\(\.\./img/logo-[^)]*\);?", "", css)
    faces = "".join(FONT_FACE.format(weight=weight, name=name) for weight, name in FONTS.items())
    head = '@charset "UTF-8";'
    css = head + faces + css.replace(head, "").strip() + "\n"
    return css, sorted(set(re.findall(r"url\(\.\./img/svg-icons/([^)]+)\)", css)))


def sprite(every_icon: str) -> str:
    """One file with the icons that templates name, each a symbol."""
    symbols = {
        name: found for name in ICONS if (found := re.search(rf'<symbol id="{name}".*?</symbol>', every_icon, re.S))
    }
    if absent := set(ICONS) - set(symbols):
        raise click.ClickException(f"the package has no icon {', '.join(sorted(absent))}")
    body = "\n".join(found.group() for found in symbols.values())
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n'


def manifest(target: Path, package: Path) -> None:
    """Write down what is here: package, version, licence, and the SHA-512 of each file."""
    about = json.loads((package / "package.json").read_text())
    files = sorted(path for path in target.rglob("*") if path.is_file())
    listed = {path.relative_to(target).as_posix(): hashlib.sha512(path.read_bytes()).hexdigest() for path in files}
    facts = {"package": about["name"], "version": about["version"], "licence": about["license"], "files": listed}
    write(target / "MANIFEST.json", json.dumps(facts, indent=2) + "\n")


def emptied(name: str, below: Path = VENDOR) -> Path:
    """The folder of one package, with nothing in it."""
    target = below / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    return target


def copy(source: Path, target: Path) -> None:
    """One file as the package has it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def write(target: Path, content: str) -> None:
    """One file that we changed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
