// The records of the page, kept current by one stream of server-sent events. Everything that the
// page shows of the present comes from here.
const RETRY_MS = 5000;

export class Store extends EventTarget {
  constructor(address) {
    super();
    this.records = new Map();
    this.alerts = new Map();
    this.isReady = false;
    this.stale = [];
    this.address = address;
    this.source = null;
    this.isClosed = false;
  }

  // Ends it for good: another one follows another address.
  close() {
    this.isClosed = true;
    this.source?.close();
  }

  // Connects and stays connected: the browser resumes by the last id that it has seen; where the
  // server refused, which the browser takes as final, this tries again.
  connect() {
    if (this.isClosed) return;
    const source = new EventSource(this.address);
    this.source = source;
    source.addEventListener("open", () => this.#emit("open"));
    source.addEventListener("record", (event) => this.#change(this.records, "record", event));
    source.addEventListener("alert", (event) => this.#change(this.alerts, "alert", event));
    source.addEventListener("reset", () => this.#begin());
    source.addEventListener("ready", () => {
      this.#withdraw();
      this.isReady = true;
      this.#emit("ready");
    });
    source.addEventListener("age", (event) => this.#emit("age", JSON.parse(event.data)));
    source.addEventListener("error", () => {
      this.#emit("lost");
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(() => this.connect(), RETRY_MS);
      }
    });
  }

  // The server sends everything again: what does not come has been withdrawn meanwhile.
  #begin() {
    this.stale = [
      { map: this.records, kind: "record", keys: new Set(this.records.keys()) },
      { map: this.alerts, kind: "alert", keys: new Set(this.alerts.keys()) },
    ];
  }

  #withdraw() {
    for (const { map, kind, keys } of this.stale) {
      for (const key of keys) this.#set(map, kind, key, null);
    }
    this.stale = [];
  }

  #change(map, kind, event) {
    const { key, record } = JSON.parse(event.data);
    for (const each of this.stale) if (each.map === map) each.keys.delete(key);
    this.#set(map, kind, key, record);
  }

  #set(map, kind, key, record) {
    const isNew = !map.has(key);
    if (record === null) map.delete(key);
    else map.set(key, record);
    this.#emit(kind, { key, record, isNew });
  }

  #emit(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
