// The view of channels: the picture, what is known about the chosen lane, and all of it as a table.
import {h, show} from "./dom.js";
import {number, time} from "./format.js";
import {counted, t} from "./i18n.js";
import {bandsOf, lanesOf, worse} from "./model.js";
import {channelName, drawLegend, drawMap, roleOf} from "./picture.js";
import {changeText, findingList, pill, refusal, verdictText} from "./words.js";

const edge = 20;  // pixels around the picture, both sides together, as in page.css

async function countsOf(at, service) {
  const [out, incoming, open] = await Promise.all([
    at.count({serviceIdentifier: service, direction: "OUTGOING"}),
    at.count({serviceIdentifier: service, direction: "INCOMING"}),
    at.count({serviceIdentifier: service, finished: false})]);
  return {out, incoming, open};
}

/** What one installation says, or why it does not. */
async function stateOf(at) {
  try {
    const table = await at.channels();
    if (table === null) return {at, error: {status: 403, message: ""}};
    const counts = {};
    await Promise.all(table.services.map(async ({service}) => {
      counts[service] = await countsOf(at, service).catch(() => null);
    }));
    return {at, table, counts};
  } catch (error) {
    return {at, error};
  }
}

function summary(lanes) {
  const worst = lanes.reduce((verdict, lane) => worse(verdict, lane.verdict), "good");
  const n = new Set(lanes.filter((lane) => lane.verdict === worst && !lane.retired).map((lane) => lane.key)).size;
  const text = {good: () => t("map.all_good"), notice: () => counted("map.notices", n), conflict: () => counted("map.conflicts", n)}[worst]();
  return h("p", {class: `summary ${worst}`, role: "status"}, text);
}

function facts(lane) {
  const {row, channel, counts} = lane;
  const pairs = [];
  if (counts) pairs.push([t("flow.out"), number(counts.out)], [t("flow.in"), number(counts.incoming)], [t("flow.open"), number(counts.open)]);
  if (channel.openMessages > 0) pairs.push([t("open_messages"), number(channel.openMessages)]);
  if (lane.first) {
    pairs.push([t("orphans"), number(row.orphans)], [t("quarantined"), number(row.quarantined)]);
    if (row.waitingForOtherChannels > 0) pairs.push([t("waiting"), number(row.waitingForOtherChannels)]);
  }
  const list = h("dl", {class: "facts"}, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  return channel.lastUsed ? [list, h("p", {class: "quiet"}, `${t("last_used")} ${time(channel.lastUsed)}`)] : list;
}

function about(lane) {
  const evidence = lane.retired ? [] : lane.row.evidence;
  return [
    h("div", {class: "about-head"}, lane.retired ? pill("retired", t("state.retired")) : pill(lane.verdict), h("h2", {}, channelName(lane.channel)),
      h("p", {class: "quiet"}, `${lane.installation} · ${lane.row.service} · ${roleOf(lane)}`)),
    verdictText(lane),
    changeText(lane),
    facts(lane),
    lane.retired ? null : h("h3", {}, t("evidence")),
    lane.retired ? null : evidence.length > 0 ? findingList(evidence) : h("p", {class: "quiet"}, t("evidence.none")),
  ].flat(2);
}

function table(lanes) {
  const columns = ["installation", "service", "channel", "state", "out", "in", "open", "orphans", "verdict", "property"];
  return h("table", {class: "cards"},
    h("thead", {}, h("tr", {}, columns.map((name) => h("th", {scope: "col"}, t(`column.${name}`))))),
    h("tbody", {}, lanes.map((lane) => {
      const numbers = lane.counts ?? {};
      const cells = [h("th", {scope: "row"}, lane.installation), lane.row.service, channelName(lane.channel), t(`state.${lane.channel.state}`),
        numbers.out ?? "–", numbers.incoming ?? "–", numbers.open ?? "–", lane.first ? lane.row.orphans : "–",
        lane.retired ? t("state.retired") : pill(lane.verdict), lane.row.property ? h("code", {}, lane.row.property) : "–"];
      return h("tr", {}, cells.map((cell, i) => {
        const element = cell instanceof HTMLTableCellElement ? cell : h("td", {}, cell);
        element.dataset.label = t(`column.${columns[i]}`);
        return element;
      }));
    })));
}

/** Shows the view in `place` and keeps it fresh until `signal` ends it. */
export async function channelsView(place, world, signal) {
  let bands = [];
  let chosen = null;
  let drawn = "";
  const picture = h("div", {class: "picture"});
  const panel = h("aside", {class: "about", "aria-live": "polite"});
  const head = h("div");
  const refused = h("div");
  const inTable = h("div", {class: "scroll"});
  const fold = h("details", {class: "as-table"}, h("summary", {}, t("map.table")), inTable);
  const legend = h("ul", {class: "legend", "aria-label": t("legend")}, drawLegend().map(([sample, text]) => h("li", {}, sample, h("span", {}, text))));
  show(place, h("h1", {}, t("map.title")), h("p", {class: "lead"}, t("map.lead")), head, refused,
    h("div", {class: "with-about"}, h("div", {}, picture, legend), panel), fold);
  show(picture, h("p", {class: "quiet"}, t("loading")));

  const find = (key) => lanesOf(bands).find((lane) => lane.key === key);
  const tell = () => {
    const lane = find(chosen);
    show(panel, lane ? about(lane) : h("p", {class: "quiet"}, t("map.pick")));
    for (const element of picture.querySelectorAll("[data-lane]")) {
      element.setAttribute("aria-pressed", String(element.dataset.lane === chosen));
    }
  };
  const draw = () => {
    if (bands.length === 0) return;
    const focused = document.activeElement?.dataset?.lane;
    const width = Math.max(300, Math.floor(picture.clientWidth) - edge);
    show(picture, drawMap(bands, width, {selected: chosen, single: !world.overview, onselect: (key, clicked) => {
      if (key !== chosen) {
        chosen = key;
        tell();
      }
      // Where there is room for one column only, what was chosen is below the picture.
      if (clicked && panel.offsetLeft === picture.offsetLeft) panel.scrollIntoView({block: "nearest"});
    }}));
    if (focused) [...picture.querySelectorAll("[data-lane]")].find((element) => element.dataset.lane === focused)?.focus();
  };

  const refresh = async () => {
    const states = await Promise.all(world.installations.map(stateOf));
    if (signal.aborted) return;
    show(refused, states.filter((state) => state.error).map((state) => [state.at.name ? h("h2", {}, state.at.name) : null, refusal(state.error)]));
    bands = bandsOf(states.filter((state) => state.table));
    const now = JSON.stringify(bands);
    if (now === drawn) return;
    drawn = now;
    const lanes = lanesOf(bands);
    if (!find(chosen)) {
      chosen = (lanes.find((lane) => lane.verdict === "conflict") ?? lanes.find((lane) => lane.verdict === "notice") ?? lanes[0])?.key ?? null;
    }
    show(head, lanes.length > 0 ? summary(lanes) : null);
    if (lanes.length > 0) draw();
    else show(picture, states.some((state) => state.table) ? h("p", {class: "remark"}, t("map.nothing")) : null);
    show(inTable, table(lanes));
    tell();
  };

  let width = 0;
  const resized = new ResizeObserver(() => {
    if (picture.clientWidth === width) return;
    width = picture.clientWidth;
    draw();
  });
  resized.observe(picture);
  signal.addEventListener("abort", () => resized.disconnect());
  await refresh();
  return refresh;
}
