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

  async #load(address) {
    try {
      const page = await documentOf(address);
      // The reader may have gone on to another day.
      if (address === location.href && !this.#isInUse()) this.replace(page);
    } catch {
      // The stream tells that the server is not there; it also tells when it is back.
    } finally {
      this.timer = null;
      this.loadedAt = Date.now();
    }
  }

  replace(page) {
    const main = page.querySelector("main");
    const opened = [...this.root.querySelectorAll("details[open] > summary")].map((s) => s.textContent);
    const fresh = document.adoptNode(main);
    const kept = this.root.querySelector(".slider:is(:focus-within, :active)");
    const next = fresh.querySelector(".slider");
    if (kept && next) replaceAround(this.root, fresh, kept, next);
    else this.root.replaceChildren(...fresh.childNodes);
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

// Fetches the page of an address. Throws an error where there is none, or it does not answer.
export async function documentOf(address, signal) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, signal });
  if (!response.ok) throw new Error(`${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.querySelector("main")) throw new Error("no page");
  return page;
}

// Replaces everything but one element, which would lose the keyboard or the hand that is on it.
function replaceAround(old, fresh, kept, next) {
  if (old === kept) {
    kept.querySelector("input").dataset.day = next.querySelector("input").dataset.day;
    return;
  }
  const stays = [...old.childNodes].find((node) => node.contains(kept));
  const comes = [...fresh.childNodes].find((node) => node.contains(next));
  for (const node of [...old.childNodes]) if (node !== stays) node.remove();
  const nodes = [...fresh.childNodes];
  stays.before(...nodes.slice(0, nodes.indexOf(comes)));
  stays.after(...nodes.slice(nodes.indexOf(comes) + 1));
  replaceAround(stays, comes, kept, next);
}
