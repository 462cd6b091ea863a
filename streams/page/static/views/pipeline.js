// Pipeline: a chart, and a slider over the days before.
import { drawCharts } from "../chart.js";

const SETTLED_MS = 150;
const DAY_MS = 86_400_000;
const DAY_LENGTH = "2026-03-04".length;

const noon = (day) => new Date(`${day}T12:00:00Z`);

export function start(page) {
  drawCharts(page.root, page.formats);
  document.addEventListener("theme", () => drawCharts(page.root, page.formats));
  startSlider(page);
}

export function replaced(page) {
  drawCharts(page.root, page.formats);
  startSlider(page);
}

export const shows = (record) => "stage" in record.scope;

// Today's day, which a page of another day does not know; else that of the reader's machine.
let today = null;
// Waits until the slider has stopped for a moment.
let settling = null;

function startSlider(page) {
  const label = page.root.querySelector(".slider");
  if (!label) return;
  label.hidden = false;
  const slider = label.querySelector("input");
  const isNow = Boolean(document.body.dataset.stream);
  const shownDay = noon(slider.dataset.day);
  if (isNow) today = shownDay;
  today ??= noon(isoDay(new Date()));
  // The hand may have moved it on meanwhile.
  if (settling === null) {
    slider.value = Math.round((shownDay - today) / DAY_MS);
    write(label, page.formats, isNow ? null : shownDay);
  }
  if (slider.dataset.moves) return;
  slider.dataset.moves = "true";
  slider.addEventListener("input", () => move(page, label, Number(slider.value)));
}

function move(page, label, days) {
  const day = new Date(today);
  day.setUTCDate(day.getUTCDate() + days);
  write(label, page.formats, days === 0 ? null : day);
  clearTimeout(settling);
  settling = setTimeout(() => {
    settling = null;
    page.show(addressOf(days === 0 ? null : isoDay(day)));
  }, SETTLED_MS);
}

function write(label, formats, day) {
  label.querySelector("output").textContent = day === null ? "" : formats.day(day.getTime() / 1_000);
}

const isoDay = (moment) => moment.toISOString().slice(0, DAY_LENGTH);

// The day stands in the address, as every choice does.
function addressOf(day) {
  const address = new URL(location.href);
  address.hash = "";
  if (day === null) address.searchParams.delete("as_of");
  else address.searchParams.set("as_of", day);
  return address.href;
}
