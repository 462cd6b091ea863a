// Writes what the page shows to a file: cards, tables and lists, as they stand.
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;

export function exportCsv(root) {
  const text = rowsOf(root).map((cells) => cells.map(field).join(",")).join("\r\n");
  // The mark lets spreadsheets read it as UTF-8.
  save(new Blob(["\ufeff", text], { type: "text/csv" }), "csv");
}

// The server makes the workbook of the rows that stand here.
export async function exportWorkbook(root) {
  const rows = rowsOf(root).map((cells) => cells.map((cell) => (cell instanceof Exact ? cell.forSheet : cell)));
  const answer = await fetch("/export.xlsx", { method: "POST", body: JSON.stringify(rows) });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  save(await answer.blob(), "xlsx");
}

function save(blob, ending) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `sales-kpis-${document.body.dataset.view}.${ending}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

const rowsOf = (root) => [...root.querySelectorAll("[data-exportable]")].flatMap((section) => [...rowsOfSection(section), []]);

function rowsOfSection(section) {
  const cards = [...section.querySelectorAll(".card")].map((card) => [textOf(card.querySelector("h3")), ...valueOf(card), textOf(card.querySelector(".note"))]);
  if (cards.length) return cards;
  const items = [...section.querySelectorAll("ol > li")].map((item) => [...item.children].flatMap(cellsOf));
  const rows = [...section.querySelectorAll("tr")].map((row) => [...row.children].flatMap((cell) => (cell.querySelector("data") ? valueOf(cell) : [textOf(cell)])));
  return [[textOf(section.querySelector("h2, h3"))], ...items, ...rows];
}

// A lead's channel has a cell of its own.
function cellsOf(part) {
  const channel = part.querySelector(".channel");
  if (!channel) return [textOf(part)];
  const rest = part.cloneNode(true);
  rest.querySelector(".channel").remove();
  return [textOf(rest), textOf(channel)];
}

// A number as it is, without rounding.
class Exact {
  constructor(text) {
    this.text = text;
  }
  get forSheet() {
    return NUMBER.test(this.text) ? Number(this.text) : this.text;
  }
  toString() {
    return this.text;
  }
}

// The number as it is, and as it is shown.
function valueOf(place) {
  return [new Exact(place.querySelector("data").value), textOf(place.querySelector(".value"))];
}

const textOf = (element) => element?.textContent.replace(/\s+/g, " ").trim() ?? "";

// A spreadsheet runs a text that begins like a formula.
function field(cell) {
  const text = String(cell);
  const safe = !NUMBER.test(text) && FORMULA.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
