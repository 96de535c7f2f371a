// Times, numbers and identifiers for people.
import {language, t} from "./i18n.js";

const zone = "Europe/Oslo";
const locale = () => (language() === "nb" ? "nb-NO" : "en-GB");

/** `26. nov. 2026, 17:03:11` */
export function time(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return String(iso);
  return new Intl.DateTimeFormat(locale(), {timeZone: zone, day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit"}).format(at);
}

/** `17:03:11` */
export const clock = (at) =>
  new Intl.DateTimeFormat(locale(), {timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit"}).format(at);

/** `3 minutter siden` */
export function ago(iso) {
  const seconds = Math.round((new Date(iso).getTime() - Date.now()) / 1000);
  if (!Number.isFinite(seconds)) return "";
  const relative = new Intl.RelativeTimeFormat(locale(), {numeric: "auto"});
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return relative.format(Math.min(seconds, 0), "second");
}

export const number = (value) => new Intl.NumberFormat(locale()).format(value);

/** In a picture there is room for four characters. */
export const short = (value) =>
  new Intl.NumberFormat(locale(), value < 10_000 ? {} : {notation: "compact", maximumFractionDigits: 1}).format(value);

export function bytes(value) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    ++unit;
  }
  return new Intl.NumberFormat(locale(), {style: "unit", unit: units[unit], maximumFractionDigits: 1}).format(size);
}

/** Without `0192:`; a person's number is shown by its first six digits only. */
export function party(identifier) {
  if (!identifier) return t("nobody");
  return identifier.replace(/^0192:/, "").replace(/(?<!\d)(\d{6})\d{5}(?!\d)/g, "$1 •••••");
}

/** What follows the last `:` says most. */
export const kind = (document) => (document || "").split(":").pop();
