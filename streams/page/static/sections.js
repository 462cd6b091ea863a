// Replaces the parts of the page whose shape has changed, such as a list with a new alert, by what
// the server renders at the page's own address. Seldom: numbers change in place.
import { isWriting } from "./targets.js";

const LEAST_MS = 2_000;
const REGULARLY_MS = 60_000;

export class Sections {
  constructor(root, onReplaced) {
    this.root = root;
    this.onReplaced = onReplaced;
    this.timer = null;
    this.loadedAt = Date.now();
    root.addEventListener("outdated", () => this.renew());
    // Lines of the last days and what else no record carries.
    setInterval(() => this.renew(), REGULARLY_MS);
  }

  renew() {
    if (this.timer !== null) return;
    const wait = Math.max(LEAST_MS - (Date.now() - this.loadedAt), 0);
    this.timer = setTimeout(() => this.#load(location.href), wait);
  }

  // Shows another address' content at once, as for a slider that is being moved.
  async show(address) {
    await this.#load(address);
  }

  async #load(address) {
    try {
      const response = await fetch(address, { headers: { Accept: "text/html" } });
      if (!response.ok) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      this.#replace(page);
    } catch {
      // The stream tells that the server is not there; it also tells when it is back.
    } finally {
      this.timer = null;
      this.loadedAt = Date.now();
    }
  }

  #replace(page) {
    const main = page.querySelector("main");
    if (!main || this.#isInUse()) return;
    const opened = [...this.root.querySelectorAll("details[open] > summary")].map((s) => s.textContent);
    this.root.replaceChildren(...document.adoptNode(main).childNodes);
    for (const summary of this.root.querySelectorAll("details > summary")) {
      if (opened.includes(summary.textContent)) summary.parentElement.open = true;
    }
    this.root.dataset.alerts = main.dataset.alerts;
    const badge = page.querySelector("nav .badge");
    const ours = document.querySelector("nav .badge");
    if (badge && ours) ours.textContent = badge.textContent;
    this.onReplaced();
  }

  // Whoever has the keyboard on something, writes or marks a text, does not lose it.
  #isInUse() {
    const active = document.activeElement;
    const hasFocus = active && active !== this.root && this.root.contains(active) && active.type !== "range";
    return hasFocus || isWriting(this.root) || !document.getSelection().isCollapsed;
  }
}
