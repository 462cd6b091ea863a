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

function startSlider(page) {
  const label = page.root.querySelector(".slider");
  if (!label) return;
  const slider = label.querySelector("input");
  const shown = label.querySelector("output");
  label.hidden = false;
  const shownDay = noon(slider.dataset.day);
  // A page of another day does not know today's; the reader's machine does.
  const today = document.body.dataset.stream ? shownDay : noon(new Date().toISOString().slice(0, DAY_LENGTH));
  slider.value = Math.round((shownDay - today) / DAY_MS);
  let timer = null;
  slider.addEventListener("input", () => {
    const day = new Date(today);
    day.setUTCDate(day.getUTCDate() + Number(slider.value));
    shown.textContent = page.formats.day(day.getTime() / 1_000);
    clearTimeout(timer);
    timer = setTimeout(() => go(day.toISOString().slice(0, DAY_LENGTH)), SETTLED_MS);
  });
}

// The day stands in the address, as every choice does.
function go(day) {
  const address = new URL(location.href);
  address.searchParams.set("as_of", day);
  location.assign(address);
}
