// Says how old the newest change is, and when the stream is lost.
const QUIET_MS = 40_000;

export class Live {
  constructor(place, formats) {
    this.place = place;
    this.text = place.querySelector(".live-text");
    this.state = place.querySelector(".live-state");
    this.formats = formats;
    this.timer = null;
  }

  start() {
    this.changedAt = Date.now();
    this.lostAt = null;
    this.isOpen = false;
    this.hasChanged = false;
    this.timer = setInterval(() => this.draw(), 1_000);
  }

  // Says what the server has written of a page that does not move.
  stop(written) {
    clearInterval(this.timer);
    this.place.dataset.liveState = written.dataset.liveState;
    this.text.textContent = written.querySelector(".live-text").textContent;
    this.state.textContent = "";
    document.body.classList.remove("lost");
  }

  change() {
    this.hasChanged = true;
    this.changedAt = Date.now();
  }

  // The server says how old its newest change is; nothing where there has been none.
  age(seconds) {
    if (seconds === null) return;
    this.hasChanged = true;
    this.changedAt = Date.now() - seconds * 1_000;
    this.draw();
  }

  open() {
    this.isOpen = true;
    this.lostAt = null;
    this.draw();
  }

  lost() {
    this.lostAt ??= Date.now();
    this.draw();
  }

  draw() {
    const state = this.#state();
    if (this.place.dataset.liveState !== state) {
      this.place.dataset.liveState = state;
      // Read aloud when the state changes, not with every second.
      this.state.textContent = this.#words(state);
      document.body.classList.toggle("lost", state === "lost");
    }
    this.text.textContent = this.#words(state);
  }

  #state() {
    if (this.lostAt !== null) return "lost";
    if (!this.isOpen) return "loading";
    return Date.now() - this.changedAt > QUIET_MS ? "quiet" : "live";
  }

  #words(state) {
    const age = this.formats.duration(Math.max(Date.now() - this.changedAt, 0));
    if (state === "lost") return this.formats.text("live.lost", { time: this.formats.time(this.lostAt) });
    if (state === "loading") return this.formats.text("live.loading", {});
    if (state === "quiet") return this.formats.text("live.quiet", { age });
    return this.hasChanged ? this.formats.text("live.age", { age }) : this.formats.text("live.live", {});
  }
}
