// What the channel guard says, in people's words. In English the installation's own words are good; in Norwegian they are
// said anew, and its own stay within reach.
import {h} from "./dom.js";
import {time} from "./format.js";
import {has, language, t} from "./i18n.js";

const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".") : "");

/** A small coloured word for a verdict of the channel guard. */
export const pill = (verdict, text = t(`verdict.${verdict}`)) => h("span", {class: `pill ${verdict}`}, text);

function saidAnew(lane) {
  const {row, channel} = lane;
  const name = channel.name;
  if (lane.retired) return channel.openUntil ? t("retired.until", {time: time(channel.openUntil)}) : t("retired");
  if (row.verdict === "conflict") return name ? t("conflict.own", {channel: name}) : t("conflict.main");
  const how = `isolation.${row.isolation}`;
  let text = "";
  if (row.hub) text = t("isolation.through_hub", {hub: row.hub});
  else if (row.satellites?.length && row.isolation === "single_installation") text = t("isolation.hub", {satellites: row.satellites.join(", ")});
  else if (row.isolation === "by_channel") text = t(`${how}.${name ? "own" : "main"}`, {channel: name});
  else if (row.isolation === "by_switch") text = t(`${how}.${row.receives ? "on" : "off"}`);
  else if (has(how)) text = t(how);
  return row.verdict === "notice" ? `${t("notice")} ${text}` : text;
}

/** The verdict about a lane as paragraphs. */
export function verdictText(lane) {
  const own = sentence(lane.row.text);
  if (lane.retired) return [h("p", {}, saidAnew(lane))];
  if (language() === "en") return [h("p", {}, own)];
  return [h("p", {}, saidAnew(lane)),
    h("details", {class: "own-words"}, h("summary", {}, t("original")), h("p", {lang: "en"}, own))];
}

/** What to set and where, or nothing. */
export function changeText(lane) {
  const {row, channel} = lane;
  if (lane.retired || !row.change) return null;
  const text = row.property ? `${t(channel.name ? "change.own" : "change.main")}:` : sentence(row.change);
  return h("div", {class: "change"}, h("h3", {}, t("change")), h("p", {}, text), row.property ? h("code", {class: "property"}, row.property) : null);
}

/** Those that prove that somebody takes what is not theirs; the others show effects or risks (dpo.md section 9). */
const proofs = new Set(["D5", "D6", "D7", "D8", "D11", "D12"]);

/** One finding: what it means, how often, and the details as the guard wrote them. */
export function findingItem(finding) {
  const key = `finding.${finding.detection}`;
  const seen = finding.count > 1 ? t("evidence.seen", {count: finding.count, last: time(finding.last)})
    : t("evidence.seen_once", {last: time(finding.last)});
  return h("li", {class: proofs.has(finding.detection) ? "finding proof" : "finding"},
    h("p", {class: "finding-title"}, has(key) ? t(key) : finding.detection, " ", h("span", {class: "code"}, finding.detection)),
    h("p", {class: "finding-text", lang: "en"}, finding.text),
    h("p", {class: "finding-seen"}, seen, finding.subject ? [" · ", t("evidence.subject"), " ", h("span", {class: "id"}, finding.subject)] : null));
}

/** A list of findings, the first few open. */
export function findingList(findings, shown = 4) {
  const items = findings.map(findingItem);
  const rest = items.slice(shown);
  return [h("ul", {class: "findings"}, items.slice(0, shown)),
    rest.length > 0 ? h("details", {class: "more"}, h("summary", {}, t("evidence.more", {n: rest.length})), h("ul", {class: "findings"}, rest)) : null];
}

/** Why something is not shown. */
export function refusal(error) {
  if (error.status === 403) return h("p", {class: "remark", role: "status"}, t("forbidden"));
  const reason = error.status === 0 || error.status === 502 ? t("failed.away") : error.message;
  return h("p", {class: "remark bad", role: "alert"}, t("failed", {reason}));
}
