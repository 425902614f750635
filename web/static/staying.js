// Says in time that the sign-in of this browser is about to end for want of use, and keeps it when asked to. A page of
// ours in another window that was used counts here too.
"use strict";

const staying = document.getElementById("staying");
const WARNED = 120, LOOKS_EVERY = 5; // seconds
const others = new BroadcastChannel("overgang-staying");
let endsAt = 0, shown = "";

function last(seconds) {
  endsAt = Date.now() + seconds * 1000;
  look();
}

function say(what) {
  if (shown === what) return;
  shown = what;
  const words = what && document.getElementById(what).content.cloneNode(true);
  staying.replaceChildren(...(words ? [words] : []));
  staying.querySelector("form")?.addEventListener("submit", stay);
}

function look() {
  const left = (endsAt - Date.now()) / 1000;
  say(left <= 0 ? "staying-over" : left <= WARNED ? "staying-soon" : "");
}

async function stay(event) {
  event.preventDefault();
  const form = event.target;
  try {
    const answer = await fetch(form.action, {
      method: "POST", headers: { "HX-Request": "true" }, body: new URLSearchParams(new FormData(form)),
    });
    if (!answer.ok) return last(0);
    const { seconds } = await answer.json();
    last(seconds);
    others.postMessage(seconds);
  } catch {
    form.submit(); // the browser says that it cannot reach us
  }
}

others.onmessage = message => last(message.data);
last(Number(staying.dataset.seconds));
others.postMessage(Number(staying.dataset.seconds));
setInterval(look, LOOKS_EVERY * 1000);
