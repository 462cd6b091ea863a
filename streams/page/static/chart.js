// Draws the tables of points as lines, with uPlot. The table stays, for reading and copying.
const HEIGHT = 220;
const DASH = [6, 4];
const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
// Where an axis of durations may have its marks.
const STEPS = [1_000, 5_000, 15_000, 30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 180 * MINUTE, 360 * MINUTE, 720 * MINUTE, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 364 * DAY];

export function drawCharts(root, formats) {
  for (const place of root.querySelectorAll(".plot")) draw(place, formats);
}

function draw(place, formats) {
  if (typeof uPlot === "undefined") return;
  const rows = [...place.parentElement.querySelectorAll("tr[data-at]")];
  if (rows.length < 2) return;
  const times = rows.map((row) => Number(row.dataset.at));
  const values = rows.map((row) => {
    const raw = row.querySelector("data").value;
    return raw === "" ? null : Number(raw);
  });
  const kind = place.dataset.kind;
  const noun = rows.at(-1).querySelector("data").dataset.noun;
  const text = (value) => {
    if (value === null || value === undefined) return "–";
    const { number, unit } = formats.value(value, kind, noun);
    return `${number} ${unit}`.trim();
  };
  const lines = JSON.parse(place.dataset.lines);
  place.replaceChildren();
  const plot = new uPlot(options(place, formats, text, lines, kind), data(times, values, lines), place);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
}

const data = (times, values, lines) => [times, values, ...lines.map(([, height]) => times.map(() => height))];

function options(place, formats, text, lines, kind) {
  const color = (name) => resolved(place, name);
  const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const title = place.getAttribute("aria-label");
  return {
    width: place.clientWidth,
    height: HEIGHT,
    scales: { x: { time: true }, y: { range: (_, least, most) => [Math.min(0, least ?? 0), (most ?? 1) * 1.08 || 1] } },
    axes: [
      { ...axis, values: (_, seconds) => seconds.map((at) => formats.day(at)) },
      { ...axis, size: 84, ...(kind === "ms" ? { incrs: STEPS } : {}), values: (_, ticks) => ticks.map((tick) => (kind === "count" ? formats.decimal(tick) : text(tick))) },
    ],
    series: [
      { value: (_, at) => (at === null ? "–" : formats.day(at)), label: place.dataset.day },
      { label: title, stroke: color("--mark"), width: 2, points: { show: false }, value: (_, value) => text(value) },
      ...lines.map(([label]) => ({ label, stroke: color("--muted"), dash: DASH, width: 1, points: { show: false }, value: (_, value) => text(value) })),
    ],
  };
}

// A canvas knows no light-dark(): the browser resolves the colour on an element.
function resolved(place, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  place.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
