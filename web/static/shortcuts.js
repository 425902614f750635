// `?` shows the list of keys; `g` and then a letter goes where the list says; `/` goes to the search, `j` and `k` to the
// next and the previous row of a list. Never in a field, and not for who has switched it off: then this file is not
// asked for.
"use strict";

const keys = document.getElementById("keys");
const WITHIN = 2000; // milliseconds from `g` to the letter
let began = 0;

function step(by) {
  const rows = [...document.querySelectorAll("main tbody th[scope=row] a, main .places a")].filter(row => row.checkVisibility());
  const there = rows.indexOf(document.activeElement);
  rows[Math.min(Math.max(there < 0 && by < 0 ? 0 : there + by, 0), rows.length - 1)]?.focus();
}

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea")) return;
  const goes = Date.now() - began < WITHIN;
  began = 0;
  if (event.key === "?") {
    keys.togglePopover();
    if (keys.matches(":popover-open")) keys.querySelector("button").focus();
  } else if (goes) {
    keys.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  } else if (event.key === "/") {
    event.preventDefault();
    document.getElementById("find")?.focus();
  } else if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  } else if (event.key === "g") {
    began = Date.now();
  }
});
