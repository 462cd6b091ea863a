// Runs the clocks of leads that wait: amber from half an hour on, red from an hour on.
const AMBER_MS = 30 * 60_000;
const RED_MS = 60 * 60_000;

export function runClocks(root, formats, clock) {
  const tick = () => {
    const now = clock();
    for (const place of root.querySelectorAll("time.clock")) {
      const waited = now - Number(place.dataset.since);
      const item = place.closest(".lead_unanswered li");
      const text = item ? formats.clock(waited) : formats.duration(waited);
      if (place.textContent !== text) place.textContent = text;
      if (item) item.className = waited >= RED_MS ? "bad" : waited >= AMBER_MS ? "warn" : "even";
    }
  };
  tick();
  return setInterval(tick, 1_000);
}
