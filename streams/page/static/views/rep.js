// A rep's page: two charts beside the numbers.
import { drawCharts } from "../chart.js";

export function start({ root, formats }) {
  // The library's own script is deferred, as this module is, and comes first.
  drawCharts(root, formats);
  document.addEventListener("theme", () => drawCharts(root, formats));
}

export const replaced = start;
