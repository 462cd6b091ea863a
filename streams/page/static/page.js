// Starts a page: its stream, its numbers, its clocks, and what its view adds.
import { Cards, isCurrent, prefixOf } from "./card.js";
import { runClocks } from "./clock.js";
import { exportCsv, exportWorkbook } from "./export.js";
import { Formats } from "./format.js";
import { followAddress, startFrame } from "./frame.js";
import { Live } from "./live.js";
import { documentOf, Sections } from "./sections.js";
import { Store } from "./store.js";
import { startTargets } from "./targets.js";
import * as pipeline from "./views/pipeline.js";
import * as rep from "./views/rep.js";
import * as tables from "./views/tables.js";
import * as tv from "./views/tv.js";

const VIEWS = { pipeline, rep, people: tables, marketing: tables };
const { dataset } = document.body;
const root = document.querySelector("main");
const formats = new Formats(dataset.language, JSON.parse(dataset.texts), JSON.parse(dataset.form));
// The server's clock, which the records are by.
let ahead = 0;
const clock = () => Date.now() + ahead;

const cards = new Cards(root, formats, clock);
const view = VIEWS[dataset.view] ?? {};
const page = { root, formats, clock, cards, sections: null, show };
page.sections = new Sections(root, () => {
  cards.find();
  view.replaced?.(page);
});
const live = new Live(document.querySelector(".live"), formats);
let stopFollowing = () => {};
let shownAddress = withoutHash(location.href);
let asked = null;

startFrame({ csv: () => exportCsv(root), xlsx: () => exportWorkbook(root) });
startTargets(root);
view.start?.(page);
if (document.documentElement.classList.contains("tv")) tv.start(page);
follow();
addEventListener("popstate", () => {
  const address = withoutHash(location.href);
  if (address !== shownAddress) load(address, () => {});
});

// Shows another address of this view without loading the page again; Back leads to where it began.
function show(address) {
  const isOnTheWay = history.state?.isMoved === true;
  load(address, () => history[isOnTheWay ? "replaceState" : "pushState"]({ isMoved: true }, "", address));
}

async function load(address, note) {
  asked?.abort();
  asked = new AbortController();
  try {
    const shown = await documentOf(address, asked.signal);
    note();
    shownAddress = address;
    stopFollowing();
    dataset.stream = shown.body.dataset.stream;
    dataset.now = shown.body.dataset.now;
    page.sections.replace(shown);
    followAddress(shown);
    if (dataset.stream) follow();
    else live.stop(shown.querySelector(".live"));
  } catch (error) {
    // What the server refuses, or cannot answer now, it says itself.
    if (error.name !== "AbortError") location.assign(address);
  }
}

function follow() {
  if (!dataset.stream) return;
  ahead = Number(dataset.now) - Date.now();
  const store = new Store(dataset.stream);
  live.start();
  const clocks = runClocks(root, formats, clock);
  stopFollowing = () => {
    store.close();
    clearInterval(clocks);
    stopFollowing = () => {};
  };
  store.addEventListener("open", () => live.open());
  store.addEventListener("lost", () => live.lost());
  store.addEventListener("age", ({ detail }) => live.age(detail.last_change_s));
  store.addEventListener("record", ({ detail: { record, isNew } }) => {
    if (store.isReady) live.change();
    if (record !== null) cards.change(record);
    if (record === null || isEmpty() || (store.isReady && isNew && isMissing(record))) page.sections.renew();
  });
  store.addEventListener("alert", ({ detail: { record, isNew } }) => {
    if (store.isReady && (record === null || isNew)) page.sections.renew();
  });
  store.addEventListener("ready", () => {
    if (store.alerts.size !== Number(root.dataset.alerts)) page.sections.renew();
  });
  store.connect();
}

// Whether the page has no place for a record of a kind that it shows, such as that of a new rep.
function isMissing(record) {
  return isCurrent(record, clock()) && !cards.has(prefixOf(record)) && view.shows?.(record);
}

function isEmpty() {
  return root.querySelector(".empty h1") !== null;
}

function withoutHash(address) {
  return address.replace(/#.*/, "");
}
