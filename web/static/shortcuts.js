// `?` shows the list of keys; `g` and then a letter goes where the list says. Never in a field, and not for who has
// switched it off: then this file is not asked for.
"use strict";

const keys = document.getElementById("keys");
const WITHIN = 2000; // milliseconds from `g` to the letter
let began = 0;

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
  } else if (event.key === "g") {
    began = Date.now();
  }
});
