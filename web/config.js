// The view of the configuration: every set key, where it comes from, and what became of it.
import {h, show} from "./dom.js";
import {number} from "./format.js";
import {t} from "./i18n.js";
import {pill, refusal} from "./words.js";

const tones = {wrong: "conflict", unknown: "notice", "not honoured": "notice", obsolete: "notice", "not needed": "plain", used: "good", "as default": "plain"};
const hidden = "(hidden)";

/** What is in use and still deserves a word stands out. */
const toneOf = (one) => (one.verdict === "used" && one.texts.length > 0 ? "notice" : tones[one.verdict]);

const verdictName = (verdict) => t(verdict === "unknown" ? "verdict.unknown_key" : `verdict.${verdict}`);

function value(text) {
  if (text === hidden) return h("span", {class: "hidden-value"}, t("config.hidden"));
  return text === "" ? h("span", {class: "quiet"}, t("config.empty")) : h("code", {}, text);
}

function row(one) {
  const cell = (name, ...content) => h("td", {"data-label": t(`config.${name}`), class: `c-${name}`}, content);
  return h("tr", {}, h("th", {scope: "row", class: "c-key"}, h("code", {}, one.key)),
    cell("value", value(one.value)), cell("origin", one.origin),
    cell("verdict", pill(toneOf(one), verdictName(one.verdict)), one.texts.map((text) => h("p", {class: "why", lang: "en"}, text))));
}

export async function configView(place, world, signal, at) {
  const inside = h("div");
  show(place, h("h1", {}, t("config.title")), h("p", {class: "lead"}, t("config.lead")), inside);
  let keys;
  try {
    keys = await at.config();
  } catch (error) {
    if (!signal.aborted) show(inside, refusal(error));
    return null;
  }
  if (signal.aborted) return null;
  if (keys === null) {
    show(inside, refusal({status: 403}));
    return null;
  }
  const order = Object.keys(tones);
  const list = h("div", {class: "scroll"});
  const count = h("p", {class: "found", role: "status"});
  const wanted = h("input", {type: "search", id: "config-filter", autocomplete: "off", spellcheck: "false", oninput: () => draw()});
  const verdict = h("select", {id: "config-verdict", onchange: () => draw()}, h("option", {value: ""}, t("talk.any")),
    order.filter((name) => keys.some((one) => one.verdict === name)).map((name) => h("option", {value: name}, verdictName(name))));
  const draw = () => {
    const text = wanted.value.trim().toLowerCase();
    const shown = keys.filter((one) => (verdict.value === "" || one.verdict === verdict.value) &&
      (text === "" || one.key.toLowerCase().includes(text) || one.origin.toLowerCase().includes(text)))
      .sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || (b.texts.length > 0) - (a.texts.length > 0) || a.key.localeCompare(b.key));
    show(count, t("config.count", {n: number(shown.length), of: number(keys.length)}));
    show(list, shown.length === 0 ? h("p", {class: "empty"}, t("config.nothing")) : h("table", {class: "cards config"},
      h("thead", {}, h("tr", {}, ["key", "value", "origin", "verdict"].map((name) => h("th", {scope: "col"}, t(`config.${name}`))))),
      h("tbody", {}, shown.map(row))));
  };
  show(inside, h("form", {class: "search", role: "search", onsubmit: (event) => event.preventDefault()},
    h("div", {class: "field f-wide"}, h("label", {for: "config-filter"}, t("config.filter")), wanted),
    h("div", {class: "field"}, h("label", {for: "config-verdict"}, t("config.verdict")), verdict)), count, list);
  draw();
  return null;
}
