// Brings cards and table cells up to the newest record: number, change, target, parts.
const ROLLING = "last_";
const DAY_MS = 86_400_000;
const ROOM = 1.1;
// Numbers are drawn this seldom, however often they change: nobody reads faster, and each drawing
// costs the reader's machine some milliseconds.
const DRAW_MS = 250;

export const scopeOf = (record) => {
  const [pair] = Object.entries(record.scope);
  return pair ? `${pair[0]}=${pair[1]}` : "all";
};

export const prefixOf = (record) => `${record.kpi}|${scopeOf(record)}|${record.window}`;

// Whether a record's window is the one that the page shows: the one that runs now. A rolling
// window that ends later than today's is one of the days to come.
export function isCurrent(record, now) {
  const end = Date.parse(record.end);
  if (Date.parse(record.start) > now || end <= now) return false;
  return !record.window.startsWith(ROLLING) || end - now <= DAY_MS;
}

export const headline = (record) => record.percentiles?.p50 ?? record.value;

export class Cards {
  constructor(root, formats, clock) {
    this.root = root;
    this.formats = formats;
    this.clock = clock;
    this.waiting = new Map();
    this.find();
  }

  // Finds the places of numbers again, after parts of the page were replaced.
  find() {
    this.places = new Map();
    for (const place of this.root.querySelectorAll(".card[data-key], td[data-key], span[data-key]")) {
      const key = place.dataset.key;
      this.places.set(key, [...(this.places.get(key) ?? []), place]);
    }
  }

  has(prefix) {
    return this.places.has(prefix);
  }

  // Remembers a record for the next drawing: of many updates of one number only the newest is drawn.
  change(record) {
    const prefix = prefixOf(record);
    if (!this.has(prefix) || !isCurrent(record, this.clock())) return;
    if (this.waiting.size === 0) setTimeout(() => this.#draw(), DRAW_MS);
    this.waiting.set(prefix, record);
  }

  #draw() {
    for (const [prefix, record] of this.waiting) {
      for (const place of this.places.get(prefix) ?? []) this.#update(place, record);
    }
    this.waiting.clear();
  }

  #update(place, record) {
    const raw = headline(record);
    const data = place.querySelector("data.number");
    if (!data) return;
    const hasChanged = raw !== null && String(raw) !== data.value;
    if (hasChanged && data.value === "") {
      // What had no value has one: unit and reason are the server's to write.
      this.#renew(place);
      return;
    }
    if (hasChanged) {
      this.#write(place, data, raw);
      this.#writeChange(place, record);
      this.#writeParts(place, record);
    }
    if (hasChanged || (place.dataset.target ?? "") !== String(record.target ?? "")) this.#writeTarget(place, record);
  }

  #renew(place) {
    place.dispatchEvent(new CustomEvent("outdated", { bubbles: true }));
  }

  #write(place, data, raw) {
    const { number, unit } = this.formats.value(raw, data.dataset.kind, data.dataset.noun);
    data.value = String(raw);
    data.title = String(raw);
    data.firstElementChild.textContent = number;
    const unitPlace = place.querySelector(".value .unit");
    if (unitPlace) unitPlace.textContent = unit;
    data.classList.remove("changed");
    requestAnimationFrame(() => data.classList.add("changed"));
  }

  #writeChange(place, record) {
    const line = place.querySelector(".change");
    if (!line || record.change_to_date === null || record.change_to_date === undefined) return;
    const change = Number(record.change_to_date);
    const isNew = Number(record.previous_to_date) === 0;
    const isEven = isNew || change === 0;
    const mood = isEven ? "even" : change > 0 === (place.dataset.better === "higher") ? "good" : "bad";
    const key = isNew ? "new" : change === 0 ? "same" : change > 0 ? "more" : "less";
    line.className = `change ${mood}`;
    line.replaceChildren(
      ...(isEven ? [] : [part("arrow", change > 0 ? "▲" : "▼"), " "]),
      part("change-text", this.formats.text(`change.${key}`, { amount: this.#amount(place, change) })),
      ...(isEven ? [] : [part("mood", this.formats.text(`change.${mood}`, {}))]),
    );
    line.querySelector(".arrow")?.setAttribute("aria-hidden", "true");
  }

  #amount(place, change) {
    const { kind, noun } = place.querySelector("data.number").dataset;
    if (kind === "ratio") {
      return this.formats.text("change.points", { points: this.formats.decimal(Math.abs(change) * 100) });
    }
    const size = this.formats.value(Math.abs(change), kind, noun);
    return `${size.number} ${size.unit}`.trim();
  }

  #writeParts(place, record) {
    const parts = place.querySelector(".parts");
    if (!parts) return;
    const decimal = (number) => this.formats.decimal(number);
    if ("hits" in record.parts) {
      const values = { hits: decimal(record.parts.hits), total: decimal(record.parts.total) };
      parts.textContent = this.formats.text("card.of", values);
    } else if (record.unit === "ms" && record.percentiles?.p90 != null) {
      const values = { p90: this.formats.duration(record.percentiles.p90), mean: this.formats.duration(record.value) };
      parts.textContent = this.formats.text("card.median", values);
    }
  }

  #writeTarget(place, record) {
    const target = record.target ?? null;
    const value = Math.max(Number(record.value), 0);
    const room = Math.max(value, Number(target)) * ROOM;
    const hasBar = target !== null && record.value !== null && room > 0;
    if (place.dataset.target !== undefined) this.#writeTargetText(place, record, hasBar);
    const bar = place.querySelector("svg.bar");
    if (!bar) {
      if (hasBar && place.closest("table[data-bars]")) this.#renew(place);
      return;
    }
    bar.toggleAttribute("hidden", !hasBar);
    if (!hasBar) return;
    bar.querySelector(".filled").setAttribute("width", (value / room) * 100);
    bar.querySelector(".tick")?.setAttribute("x", (Number(target) / room) * 100);
    bar.classList.toggle("met", record.met === true);
  }

  #writeTargetText(place, record, hasBar) {
    const isNew = place.dataset.target !== String(record.target ?? "");
    place.dataset.target = record.target ?? "";
    const text = place.querySelector(".target");
    text.textContent = record.target === null ? "" : ` · ${this.formats.text("card.target", { target: this.#shown(place, record.target) })}`;
    const pace = place.querySelector(".pace");
    if (pace) pace.textContent = hasBar && record.pace != null && record.projected != null ? ` · ${this.#pace(place, record)}` : "";
    // What was answered to who has set it stands there now.
    const answer = place.querySelector(".answer");
    if (isNew && answer) answer.textContent = "";
  }

  #pace(place, record) {
    return this.formats.text("card.pace", { pace: this.formats.percent(record.pace), projected: this.#shown(place, record.projected) });
  }

  #shown(place, raw) {
    const { kind, noun } = place.querySelector("data.number").dataset;
    const { number, unit } = this.formats.value(raw, kind, noun);
    return `${number} ${unit}`.trim();
  }
}

function part(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}
