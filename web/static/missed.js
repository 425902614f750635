// A button that copies the facts of a miss. Without script they are marked and copied by hand.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", () => {
    text.focus();
    text.select();
    navigator.clipboard?.writeText(text.value);
  });
}
