// The two languages of the page. Texts are in nb.js and en.js, under the same keys.
import {en} from "./en.js";
import {nb} from "./nb.js";

const languages = {nb, en};
const key = "kanal.language";

function remembered() {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;  // storage is closed to us: the browser's language it is
  }
}

function preferred() {
  const first = navigator.languages?.[0] || navigator.language || "nb";
  return /^(nb|nn|no|da|sv)\b/i.test(first) ? "nb" : "en";
}

let current = languages[remembered()] ? remembered() : preferred();

export const language = () => current;

export function setLanguage(wanted) {
  current = wanted;
  try {
    localStorage.setItem(key, wanted);
  } catch {
    // lasts until the page is left
  }
}

/** The text of a key with `{name}` filled in; the key itself when there is none. */
export function t(name, values = {}) {
  const text = languages[current][name] ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, one) => (one in values ? String(values[one]) : whole));
}

/** Is there a text for this key? */
export const has = (name) => name in languages[current];

/** `one` or `many`, by the number. */
export const counted = (name, n) =>
  t(n === 1 ? `${name}.one` : `${name}.many`, {n: new Intl.NumberFormat(current === "nb" ? "nb-NO" : "en-GB").format(n)});
