// The first tour, one bubble after the other, each beside what it speaks of. Without script it is a box with a list.
"use strict";

const tour = document.getElementById("tour");
const stops = [...tour.querySelectorAll("li")];
const next = tour.querySelector("[data-tour-next]");
const GAP = 12; // pixels between a bubble and what it speaks of
let stop = 0;

function place() {
  const beside = [...document.querySelectorAll(stops[stop].dataset.beside)].find(one => one.checkVisibility());
  const box = (beside ?? document.getElementById("main")).getBoundingClientRect();
  const most = document.documentElement.clientWidth - tour.offsetWidth - GAP;
  tour.style.top = `${box.bottom + scrollY + GAP}px`;
  tour.style.left = `${Math.max(GAP, Math.min(box.left, most))}px`;
}

function show(number) {
  stop = number;
  stops.forEach((one, n) => { one.hidden = n !== stop; });
  next.hidden = stop === stops.length - 1;
  place();
}

tour.classList.add("bubble");
next.addEventListener("click", () => show(stop + 1));
addEventListener("resize", place);
document.fonts.ready.then(place);
show(0);
