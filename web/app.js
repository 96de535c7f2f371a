// The frame of the page: which view, which installation, which language, which light.
import {channelsView} from "./channels.js";
import {configView} from "./config.js";
import {conversationsView} from "./conversations.js";
import {open} from "./data.js";
import {h, show} from "./dom.js";
import {clock} from "./format.js";
import {healthView} from "./health.js";
import {language, setLanguage, t} from "./i18n.js";
import {refusal} from "./words.js";

const views = {channels: channelsView, conversations: conversationsView, health: healthView, config: configView};
const themes = ["auto", "light", "dark"];
const themeKey = "kanal.theme";
const freshness = 10_000;
const place = (id) => document.getElementById(id);

let world = null;
let ending = new AbortController();

/** `#/health?at=municipality` */
function where() {
  const [path, parameters] = location.hash.replace(/^#\/?/, "").split("?");
  const view = views[path] ? path : "channels";
  const name = new URLSearchParams(parameters ?? "").get("at");
  const at = world?.installations.find((one) => one.name === name) ?? world?.installations[0];
  return {view, at};
}

const address = (view, at) => `#/${view}${world?.overview && view !== "channels" && at ? `?at=${encodeURIComponent(at.name)}` : ""}`;

function theme() {
  let kept = null;
  try {
    kept = localStorage.getItem(themeKey);
  } catch {
    // storage is closed to us
  }
  return themes.includes(kept) ? kept : "auto";
}

function setTheme(wanted) {
  document.documentElement.dataset.theme = wanted;
  try {
    localStorage.setItem(themeKey, wanted);
  } catch {
    // lasts until the page is left
  }
}

/** A row of buttons of which one is on. */
function choice(name, values, current, label, choose) {
  return h("div", {class: "choice", role: "group", "aria-label": name}, values.map((value) =>
    h("button", {type: "button", "aria-pressed": String(value === current), "data-choice": value, lang: label(value).lang, "aria-label": label(value).long,
      onclick: () => {
        choose(value);
        frame();
        document.querySelector(`[data-choice="${value}"]`)?.focus();
      }}, label(value).text)));
}

function frame() {
  const {view, at} = where();
  document.documentElement.lang = language();
  place("skip").textContent = t("skip");
  place("views").setAttribute("aria-label", t("views"));
  show(place("views"), Object.keys(views).map((name) =>
    h("a", {href: address(name, at), "aria-current": name === view ? "page" : null}, t(`view.${name}`))));
  show(place("preferences"),
    choice(t("language"), ["nb", "en"], language(), (value) => ({text: value === "nb" ? "NO" : "EN", long: value === "nb" ? "Norsk" : "English", lang: value}), (value) => {
      setLanguage(value);
      enter();
    }),
    choice(t("theme"), themes, theme(), (value) => ({text: t(`theme.${value}`)}), setTheme));
  if (!world) return;
  place("whose").textContent = world.overview ? t("sandbox.what", {n: world.installations.length}) : world.title ?? "";
  show(place("foot"), h("p", {}, t("version", {version: world.version})), h("p", {id: "fresh", class: "quiet"}));
  document.title = `${t(`view.${view}`)} – Kanal${world.title ? ` – ${world.title}` : ""}`;
}

/** Which installation a view is about, where there are several. */
function picker(view, at) {
  if (!world.overview || view === "channels") return null;
  return h("div", {class: "picker"}, h("label", {for: "installation"}, t("installation")),
    h("select", {id: "installation", onchange: (event) => {
      location.hash = address(view, world.installations[event.target.selectedIndex]);
    }}, world.installations.map((one) => h("option", {value: one.name, selected: one === at}, one.name))));
}

async function enter() {
  ending.abort();
  ending = new AbortController();
  const {signal} = ending;
  const {view, at} = where();
  frame();
  const inside = h("div", {class: `view view-${view}`});
  show(place("content"), picker(view, at), inside);
  const refresh = await views[view](inside, world, signal, at);
  if (signal.aborted || !refresh) return;
  const told = () => {
    const fresh = place("fresh");
    if (fresh) fresh.textContent = t("updated", {time: clock(new Date())});
  };
  told();
  const timer = setInterval(async () => {
    if (document.hidden) return;
    await refresh();
    if (!signal.aborted) told();
  }, freshness);
  signal.addEventListener("abort", () => clearInterval(timer));
}

/** The name of the one installation, for the head of the page. */
async function nameOf(installation) {
  const table = await installation.channels().catch(() => null);
  return table ? table.installation.name ?? table.installation.organisation.replace(/^0192:/, "") : "";
}

document.documentElement.dataset.theme = theme();
frame();
place("skip").addEventListener("click", (event) => {
  event.preventDefault();  // the address names the view
  place("content").focus();
});
try {
  world = await open();
  if (!world.overview) world.title = await nameOf(world.installations[0]);
  addEventListener("hashchange", enter);
  await enter();
} catch (error) {
  show(place("content"), refusal(error));
}
