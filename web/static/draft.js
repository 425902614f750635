// What is typed into a handover is kept as a draft a moment after the typing pauses. What is filled in leaves the list of
// what is missing. Without this file the button "save draft" does the same.
"use strict";

const PAUSE = 2000; // milliseconds
const form = document.querySelector("form[data-draft]");
const number = form.elements.draft;
const says = (name, yes) => { form.querySelector(`[data-${name}]`).hidden = !yes; };
let waiting = 0;
let sending = null; // the draft on its way
let again = false; // something was typed meanwhile
let over = false; // the form is leaving, or somebody else has written

async function save() {
  if (over) return;
  if (sending) { again = true; return; }
  sending = fetch(form.dataset.draft, {
    method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" }, redirect: "manual",
  });
  try {
    const answer = await sending;
    says("not-saved", !answer.ok && ![401, 409].includes(answer.status));
    says("signed-out", answer.status === 401);
    if (answer.status === 409) { over = true; says("newer", true); }
    if (answer.ok) {
      const kept = await answer.json();
      number.value = kept.number;
      const saved = form.querySelector("[data-saved]");
      if (saved.textContent !== kept.said) saved.textContent = kept.said; // read aloud once a minute at most
    }
  } catch {
    says("not-saved", true);
    again = true;
  }
  sending = null;
  if (again) { again = false; later(); }
}

function later() {
  clearTimeout(waiting);
  waiting = setTimeout(save, PAUSE);
}

function missing() {
  const list = form.querySelector("[data-missing-list]");
  if (!list) return;
  for (const item of list.querySelectorAll("[data-missing]")) {
    const field = document.getElementById(`handover-${item.dataset.missing}`);
    const answer = form.elements[`${item.dataset.missing}:answer`]; // no, or not known, needs no text
    const answered = answer && answer.value && answer.value !== "Ja";
    item.hidden = field.type === "checkbox" ? field.checked : answered || field.value.trim() !== "";
  }
  list.hidden = !list.querySelector("[data-missing]:not([hidden])");
}

form.addEventListener("input", () => { later(); missing(); });
form.addEventListener("submit", async event => {
  over = true;
  clearTimeout(waiting);
  if (!sending) return;
  event.preventDefault(); // the number of the draft on its way is sent along
  await sending.catch(() => {});
  setTimeout(() => form.requestSubmit(event.submitter));
});
