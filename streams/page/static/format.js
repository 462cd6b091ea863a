// Numbers as languages/format.py writes them: the server gives the forms of the language, as not
// every browser knows every language.
const WHOLE_FROM = 100;
const COMPACT_FROM = 100_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DURATIONS = [[2 * DAY, DAY, "day", 1], [HOUR, HOUR, "hour", 1], [MINUTE, MINUTE, "minute", 0], [0, SECOND, "second", 0]];
// The powers of ten that short amounts are written in, the largest first.
const POWERS = [12, 9, 6, 3];

export class Formats {
  constructor(language, texts, form) {
    this.texts = texts;
    this.form = form;
    this.plurals = new Intl.PluralRules(language);
  }

  // Returns {number, unit} of a value in its unit; `noun` says what is counted.
  value(raw, kind, noun) {
    const number = Number(raw);
    if (kind === "ms") return { number: this.duration(number), unit: "" };
    if (kind === "ratio") return { number: this.percent(number), unit: "" };
    if (kind.startsWith("money:")) {
      return { number: this.money(number), unit: kind.endsWith("/day") ? this.texts["unit.per_day"] : "" };
    }
    if (kind === "count") {
      return { number: this.decimal(number, Math.abs(number) < WHOLE_FROM ? 1 : 0), unit: this.noun(noun, number) };
    }
    return { number: this.decimal(number), unit: this.texts[`unit.${kind}`] ?? "" };
  }

  text(key, values) {
    return fill(this.texts[key], values);
  }

  noun(name, count) {
    const form = this.plurals.select(count);
    return this.texts[`noun.${name}.${form}`] ?? this.texts[`noun.${name}.other`] ?? "";
  }

  decimal(number, digits = 1, least = 0) {
    const [whole, part = ""] = Math.abs(number).toFixed(digits).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, this.form.group);
    const rest = least ? part : part.replace(/0+$/, "");
    const text = rest ? `${grouped}${this.form.decimal}${rest}` : grouped;
    return this.#digits(number < 0 ? `-${text}` : text);
  }

  percent(number) {
    return this.form.percent.replace("{0}", this.decimal(number * 100));
  }

  money(number) {
    const size = Math.abs(number);
    const sign = number < 0 ? "-" : "";
    if (size > 0 && size < WHOLE_FROM) return sign + this.form.money.replace("{0}", this.decimal(size, 2, 2));
    if (size < COMPACT_FROM) return sign + this.form.money.replace("{0}", this.decimal(size, 0));
    const at = POWERS.findIndex((power) => size >= 10 ** power);
    const short = this.form.short_money[POWERS.length - 1 - at];
    return sign + short.replace("{0}", this.decimal(size / 10 ** POWERS[at], 2));
  }

  duration(milliseconds) {
    const [, size, unit, digits] = DURATIONS.find(([least]) => Math.abs(milliseconds) >= least);
    return this.form.units[unit].replace("{0}", this.decimal(milliseconds / size, digits));
  }

  // A length of time that is seen running: hours, minutes and seconds, from two days on days.
  clock(milliseconds) {
    if (milliseconds >= 2 * DAY) return this.duration(milliseconds);
    const seconds = Math.max(Math.floor(milliseconds / SECOND), 0);
    const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
    return this.#digits([Math.floor(seconds / 3_600), ...parts].join(":"));
  }

  // A time of day of the reader's own clock.
  time(instant) {
    const at = new Date(instant);
    return this.#digits([at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":"));
  }

  day(seconds) {
    const at = new Date(seconds * SECOND);
    return this.form.months[at.getMonth()].replace("{0}", this.#digits(String(at.getDate())));
  }

  #digits(text) {
    return text.replace(/[0-9]/g, (digit) => this.form.digits[digit]);
  }
}

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
