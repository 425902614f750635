"""What is asked of every page, whoever looks at it: nothing here knows what the page is for."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.chromium import DESK, HEIGHT

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
ASKED = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
NARROW = 320  # CSS pixels: a small telephone, and a desk at 400 %

RUN_AXE = """async tags => {
  const found = await axe.run(document, {runOnly: tags, resultTypes: ["violations"], elementRef: false});
  return found.violations.map(rule => [rule.id, rule.help, rule.nodes.map(node => node.target.join(" "))]);
}"""
WIDER = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const past = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > wide + 1);
  return past.slice(0, 5).map(e => e.tagName + "." + e.className).concat(`${document.documentElement.scrollWidth} px`);
}"""
# One element after the other gets the focus as by keyboard: is there a sign of it, and is it on the screen?
UNSEEN_FOCUS = """() => {
  const may = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const shown = e => !e.disabled && e.checkVisibility({checkVisibilityCSS: true});
  const all = [...document.querySelectorAll(may)].filter(shown);
  const look = e => { const s = getComputedStyle(e); const b = getComputedStyle(e, "::before"); return [s.outlineStyle,
    s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor, s.textDecorationLine, b.outlineStyle,
    b.boxShadow].join(); };
  document.activeElement?.blur();
  const before = new Map(all.map(e => [e, look(e)]));
  const unseen = [];
  for (const e of all) {
    e.focus({focusVisible: true});
    const box = e.getBoundingClientRect();
    const there = document.activeElement === e && box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0;
    if (!there || look(e) === before.get(e)) unseen.push(e.outerHTML.slice(0, 120));
  }
  return unseen;
}"""
SHOWN = """() => {
  const main = document.querySelector("main");
  const shown = [...main.querySelectorAll("*")].filter(e => e.checkVisibility({checkOpacity: true,
    checkVisibilityCSS: true}) && e.innerText?.trim());
  return {words: main.innerText.trim().length, headings: shown.filter(e => /^H[1-6]$/.test(e.tagName)).length,
    menus: [...document.querySelectorAll("header nav, footer, .demo-clock")].filter(e => e.checkVisibility()).length};
}"""


def barriers(page: Page) -> list[Any]:
    """What axe finds: each rule that is broken, and where."""
    page.evaluate(AXE)
    found: list[Any] = page.evaluate(RUN_AXE, ASKED)
    return found


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways on a small telephone."""
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    found: list[str] = page.evaluate(WIDER)
    page.set_viewport_size({"width": DESK, "height": HEIGHT})
    return found


def unseen_focus(page: Page) -> list[str]:
    """What somebody with a keyboard reaches without seeing that they are there."""
    page.keyboard.press("Tab")
    found: list[str] = page.evaluate(UNSEEN_FOCUS)
    return found


def hidden_otherwise(page: Page) -> list[str]:
    """What a page no longer says on paper, in forced colours or without motion; and menus that are printed."""
    usual, faults = page.evaluate(SHOWN), []
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    if page.evaluate(SHOWN) != usual:
        faults.append("forced colours or reduced motion hide something")
    page.emulate_media(media="print", forced_colors="none", reduced_motion="no-preference")
    printed = page.evaluate(SHOWN)
    if printed["headings"] < 1 or printed["words"] == 0:
        faults.append("paper has no heading or no words")
    if printed["menus"]:
        faults.append("menus are printed")
    page.emulate_media(media="screen")
    return faults
