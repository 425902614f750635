// The first tour, one bubble after the other, each beside what it speaks of; on a phone all stand at the foot of the
// screen, and what they speak of is brought into sight above. Without script it is a box with a list.
"use strict";

const tour = document.getElementById("tour");
const stops = [...tour.querySelectorAll("li")];
const next = tour.querySelector("[data-tour-next]");
const GAP = 12; // pixels between a bubble and what it speaks of
let stop = 0;

function beside() {
  const there = stops[stop].dataset.beside.split(",").flatMap(name => [...document.querySelectorAll(name)]);
  const found = there.find(one => one.checkVisibility());
  return found ?? document.getElementById("main");
}

function place() {
  const box = beside().getBoundingClientRect();
  const frame = document.getElementById("main").getBoundingClientRect();
  const most = Math.min(document.documentElement.clientWidth - GAP, frame.right) - tour.offsetWidth;
  tour.style.setProperty("--top", `${box.bottom + scrollY + GAP}px`);
  tour.style.setProperty("--left", `${Math.max(GAP, Math.min(box.left, most))}px`);
  document.documentElement.style.setProperty("--tour", `${tour.offsetHeight + 2 * GAP}px`);
}

function show(number) {
  beside().classList.remove("pointed-at");
  stop = number;
  beside().classList.add("pointed-at");
  stops.forEach((one, n) => { one.hidden = n !== stop; });
  next.hidden = stop === stops.length - 1;
  place();
}

tour.classList.add("bubble");
next.addEventListener("click", () => show(stop + 1));
next.addEventListener("click", () => beside().scrollIntoView({ block: "nearest" }));
addEventListener("resize", place);
document.fonts.ready.then(place);
show(0);
