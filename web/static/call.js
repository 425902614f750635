// Of the form of a call, only what the outcome asks for is shown. Without script all of it is.
"use strict";

const call = document.querySelector("form[data-call]");

function show() {
  const outcome = call.elements.outcome.value;
  for (const part of call.querySelectorAll("[data-when]")) {
    part.hidden = !part.dataset.when.split(" ").includes(outcome);
  }
}

if (call) {
  call.addEventListener("change", show);
  show();
}
