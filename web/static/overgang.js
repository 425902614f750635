// What a page that refreshes itself must add: say so when it no longer can. And what was typed before a sign-in is sent
// after it without another click. Nothing depends on this file.
"use strict";

function connected(yes) {
  const banner = document.getElementById("disconnected");
  if (banner) banner.hidden = yes;
}

document.addEventListener("htmx:after:swap", () => connected(true));
document.addEventListener("htmx:error", () => connected(false));

document.querySelector("form[data-send-at-once]")?.requestSubmit();
