// A list that refreshes itself: when it last could, and how much time is left meanwhile.
// Nothing depends on this file.
"use strict";

(() => {
  const language = document.documentElement.lang;
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Copenhagen" });
  let came = Date.now();
  let pressed = null;

  // The server's clock, as it ran on since the page came; a demonstration's stands still.
  function now(list) {
    return Date.parse(list.dataset.at) + (list.hasAttribute("data-runs") ? Date.now() - came : 0);
  }

  function count(list) {
    for (const due of list.querySelectorAll(".due")) {
      const instant = due.parentElement.querySelector("small time");
      const minutes = instant ? Math.floor(Math.abs(Date.parse(instant.dateTime) - now(list)) / 60000) : NaN;
      if (!(minutes < 24 * 60) || !due.closest("tr")?.querySelector("[data-do]")) continue;
      const text = list.dataset.left.replace("{h}", Math.floor(minutes / 60)).replace("{m}", String(minutes % 60).padStart(2, "0"));
      due.textContent = Date.parse(instant.dateTime) > now(list) ? text : list.dataset.over.replace("{}", text);
    }
  }

  function succeeded() {
    const list = document.querySelector("[data-at]");
    const updated = list?.querySelector("[data-updated]");
    if (!updated) return;
    updated.dateTime = new Date().toISOString();
    updated.textContent = clock.format(new Date());
    document.getElementById("disconnected").hidden = true;
    if (list.hasAttribute("data-runs")) count(list);
  }

  document.addEventListener("htmx:after:swap", () => { came = Date.now(); });
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    const polled = sourceElement?.matches("[data-at]");
    if (polled && response.status < 400) succeeded();
    // The list stays as it was, and the page says that it is from before.
    if (response.status >= 500 || [400, 429].includes(response.status) || (polled && response.status >= 400)) {
      document.getElementById("disconnected").hidden = false;
    }
  });
  // What was pressed may be gone from the list: stay near. The page says what was done.
  document.addEventListener("htmx:before:request", (event) => {
    const button = event.detail.ctx.sourceElement;
    if (button?.matches("button[id]")) pressed = button.id;
  });
  document.addEventListener("htmx:error", () => { pressed = null; });
  document.addEventListener("htmx:finally:swap", () => {
    if (!pressed) return;
    const refused = document.getElementById("refused");
    (refused || document.getElementById(pressed) || document.getElementById("main")).focus({ preventScroll: !refused });
    pressed = null;
  });
})();
