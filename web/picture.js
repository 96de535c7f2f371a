// The drawn map. A band per message service, with the service's house at the right; a lane per channel, from its
// installation to that house; a panel around the installations of one organisation, because they share its mailbox.
import {s} from "./dom.js";
import {short} from "./format.js";
import {has, t} from "./i18n.js";

const wide = {narrow: false, row: 76, ghost: 52, node: 212, house: 196, top: 34, bottom: 12, between: 12, gap: 28};
const narrow = {narrow: true, row: 92, ghost: 56, node: 16, house: 58, top: 32, bottom: 8, between: 10, gap: 24};

/** As much of a text as fits; letters of this size are about so wide. */
function fitted(text, room, size) {
  const most = Math.max(3, Math.floor(room / (size * 0.56)));
  return text.length <= most ? text : text.slice(0, most - 1).trimEnd() + "…";
}

/** A text in at most `lines` lines, broken between words. */
function wrapped(text, room, size, lines) {
  const most = Math.floor(room / (size * 0.54));
  const out = [""];
  for (const word of text.split(" ")) {
    const line = out[out.length - 1];
    if (line === "" || line.length + word.length + 1 <= most) out[out.length - 1] = line === "" ? word : `${line} ${word}`;
    else out.push(word);
  }
  if (out.length <= lines) return out;
  return [...out.slice(0, lines - 1), fitted(out.slice(lines - 1).join(" "), room, size)];
}

export const channelName = (channel) => channel.name || t("channel.none");

/** What an installation does on a lane. */
export function roleOf({row, channel, retired}) {
  if (retired) return t("listens");
  if (!row.receives) return t("sends");
  return t(row.isolation === "by_channel" && channel.name ? "receives.channel" : "receives");
}

export const serviceTitle = (band) => (has(`service.${band.service}`) ? t(`service.${band.service}`) : band.title);

/** Every channel name keeps its colour, in every band. */
function coloursOf(bands) {
  const colours = new Map();
  for (const band of bands) {
    for (const lane of band.lanes) {
      const name = lane.channel.name ?? "";
      if (name !== "" && !colours.has(name)) colours.set(name, `lane-${colours.size % 6}`);
    }
  }
  return (lane) => (lane.verdict === "conflict" ? "lane-conflict" : colours.get(lane.channel.name ?? "") ?? "lane-main");
}

const arrow = (x, y, towards) => s("path", {class: "head", d: `M${x} ${y - 4.5}l${towards * 8} 4.5l${-towards * 8} 4.5z`});

function chip(lane, x, y, room) {
  const text = fitted(channelName(lane.channel), room - 28, 13);
  const width = Math.max(64, text.length * 7.3 + 28);
  return {
    width,
    element: s("g", {class: lane.channel.name ? "chip" : "chip none"},
      s("rect", {x: x - width / 2, y: y - 14, width, height: 28, rx: 14}),
      s("text", {x, y: y + 4.5, "text-anchor": "middle"}, text)),
  };
}

/** Signs on the lane, from `x` on to the right: conflict or notice, and answers without owner. */
function signs(lane, x, y) {
  const out = [];
  let at = x;
  if (lane.verdict === "conflict" || lane.verdict === "notice") {
    out.push(s("g", {class: `sign ${lane.verdict}`},
      s("circle", {cx: at + 12, cy: y, r: 12}), s("text", {x: at + 12, y: y + 5, "text-anchor": "middle"}, "!")));
    at += 30;
  }
  if (lane.first && lane.row.orphans > 0) {
    const text = short(lane.row.orphans);
    const width = 26 + text.length * 8;
    out.push(s("g", {class: "sign orphan"},
      s("rect", {x: at, y: y - 12, width, height: 24, rx: 6}),
      s("path", {class: "glyph", d: `M${at + 7} ${y - 4}h10v8h-10zm0 0l5 5l5-5`}),
      s("text", {x: at + 21, y: y + 4.5}, text)));
  }
  return out;
}

function counts(lane, size, left, right, y) {
  if (lane.retired || !lane.counts) return [];
  const {out, incoming, open} = lane.counts;
  const texts = [s("text", {class: "count", x: left + 8, y: y - 14}, `${short(out)} ${t("flow.out")}`)];
  if (open > 0) texts.push(s("text", {class: "count open", x: left + 8, y: y + 24}, `${short(open)} ${t("flow.open")}`));
  if (lane.row.receives) {
    texts.push(s("text", {class: "count", x: right - 8, y: y + 24, "text-anchor": "end"}, `${short(incoming)} ${t("flow.in")}`));
  }
  return texts;
}

export const laneLabel = (lane, band) => t("lane.label", {
  installation: lane.installation, service: band.service,
  channel: lane.channel.name ? t("channel.name", {name: lane.channel.name}) : t("channel.none"),
  verdict: lane.retired ? t("state.retired") : t(`verdict.${lane.verdict}`),
  out: lane.counts?.out ?? 0, in: lane.counts?.incoming ?? 0,
}) + (lane.first && lane.row.orphans > 0 ? ` ${lane.row.orphans} ${t("orphans")}.` : "");

function drawLane(lane, band, size, width, top, colour, options) {
  const {selected, single, onselect} = options;
  const left = size.node;
  const right = width - size.house;
  const y = size.narrow ? top + 54 : top + size.row / 2;
  const middle = (left + right) / 2;
  const label = chip(lane, middle, y, (right - left) * 0.6);
  const parts = [s("rect", {class: "hit", x: 4, y: top + 2, width: right - 4, height: size.row - 4, rx: 10})];
  if (size.narrow) {
    const text = single ? serviceTitle(band) : lane.installation;
    parts.push(s("text", {class: "node-name", x: 12, y: top + 22}, fitted(text, right - 16, 13.5)),
      s("circle", {class: "stop", cx: left, cy: y, r: 7}));
  } else {
    parts.push(s("rect", {class: "node", x: 12, y: top + 12, width: left - 12, height: size.row - 24, rx: 10}),
      s("text", {class: "node-name", x: 28, y: y - 2}, fitted(lane.installation, left - 40, 14)),
      s("text", {class: "node-more", x: 28, y: y + 16}, fitted(roleOf(lane), left - 36, 11.5)));
  }
  const from = left + (size.narrow ? 10 : 2);
  const open = lane.counts?.open > 0;
  const inY = lane.retired ? y : y + 5;
  parts.push(
    s("path", {class: "bed", d: `M${from} ${y}H${right}`}),
    // Nothing is sent any more on a channel that is no longer ours; answers still come.
    lane.retired ? null : [s("path", {class: open ? "way out moving" : "way out", d: `M${from} ${y - 5}H${right - 9}`}), arrow(right - 9, y - 5, 1)],
    s("path", {class: lane.row.receives || lane.retired ? "way in" : "way in answers", d: `M${from + 9} ${inY}H${right}`}), arrow(from + 9, inY, -1),
    label.element, ...signs(lane, middle + label.width / 2 + 6, y), ...counts(lane, size, from, right, y));
  const choose = (event) => onselect(lane.key, event.type === "click");
  return s("g", {
    class: `lane ${colour}${lane.retired ? " retired" : ""}`, tabindex: 0, role: "button", "data-lane": lane.key,
    "aria-pressed": String(selected === lane.key), "aria-label": laneLabel(lane, band), onclick: choose, onfocus: choose,
    onkeydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(event);
    },
  }, parts);
}

/** Somebody who is not in the picture takes from the same house. */
function drawThief(size, width, top) {
  const left = size.node;
  const right = width - size.house;
  const y = top + size.ghost / 2 - 4;
  const text = t("ghost");
  const start = size.narrow ? 12 : 28;
  const end = size.narrow ? start + text.length * 7 + 12 : left + 2;
  return s("g", {class: "thief", "aria-hidden": "true"},
    size.narrow ? null : s("rect", {class: "ghost", x: 12, y: y - 18, width: left - 12, height: 36, rx: 10}),
    s("text", {x: start, y: y + 4.5}, fitted(text, (size.narrow ? right : left) - start - 8, 13)),
    s("path", {class: "stolen", d: `M${right} ${y}H${end + 9}`}), arrow(end + 9, y, -1));
}

function drawHouse(band, size, width, top, height) {
  const x = width - size.house;
  const worst = band.lanes.reduce((verdict, lane) => (lane.verdict === "conflict" ? "conflict" : verdict), "");
  const box = s("rect", {class: `house ${worst}`, x, y: top, width: size.house, height, rx: 12});
  if (size.narrow) {
    return s("g", {}, box, s("text", {class: "house-name", x: x + size.house / 2, y: top + height / 2 + 6, "text-anchor": "middle"},
      fitted(band.service, size.house, 15)));
  }
  const lines = wrapped(serviceTitle(band), size.house - 36, 12.5, 2);
  const isolation = `isolation.short.${band.isolation}`;
  const middle = top + height / 2 - (lines.length * 17 + 18) / 2;
  return s("g", {}, box,
    s("text", {class: "house-name", x: x + 20, y: middle + 4}, band.service),
    lines.map((line, i) => s("text", {class: "house-more", x: x + 20, y: middle + 24 + i * 17}, line)),
    s("text", {class: "house-how", x: x + 20, y: middle + 28 + lines.length * 17}, fitted(has(isolation) ? t(isolation) : band.isolation, size.house - 30, 11.5)));
}

/** Lanes of one organisation after each other. */
function groupsOf(lanes) {
  const groups = new Map();
  for (const lane of lanes) {
    if (!groups.has(lane.organisation)) groups.set(lane.organisation, []);
    groups.get(lane.organisation).push(lane);
  }
  return [...groups];
}

/** `options`: {selected: key, single: bool, onselect(key)}; `width` in pixels, which are the picture's units. */
export function drawMap(bands, width, options) {
  const size = width < 680 ? narrow : wide;
  const colour = coloursOf(bands);
  const below = [];
  const above = [];
  let y = 0;
  for (const band of bands) {
    const begin = y;
    for (const [organisation, lanes] of groupsOf(band.lanes)) {
      if (y > begin) y += size.between;
      const top = y;
      y += size.top;
      for (const lane of lanes) {
        above.push(drawLane(lane, band, size, width, y, colour(lane), options));
        y += size.row;
        const last = lane === lanes.findLast((other) => other.verdict === "conflict");
        if (last) {
          above.push(drawThief(size, width, y));
          y += size.ghost;
        }
      }
      y += size.bottom;
      below.push(s("rect", {class: "panel", x: 0, y: top, width: width - size.house / 2, height: y - top, rx: 14}),
        s("text", {class: "panel-name", x: 16, y: top + 22},
          fitted(t("organisation", {orgnr: organisation}), width - size.house - 20, 12)));
    }
    below.push(drawHouse(band, size, width, begin, y - begin));
    y += size.gap;
  }
  const height = Math.max(0, y - size.gap);
  const lanes = bands.reduce((sum, band) => sum + band.lanes.length, 0);
  return s("svg", {class: size.narrow ? "map narrow" : "map", viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": t("map.label", {n: lanes})}, below, above);
}

/** Short words under the picture about what is in it. */
export function drawLegend() {
  const sample = (name, ...parts) => s("svg", {class: `sample lane ${name}`, viewBox: "0 0 44 24", width: 44, height: 24, "aria-hidden": "true"}, parts);
  return [
    [sample("lane-main", s("path", {class: "way out", d: "M2 12H32"}), arrow(32, 12, 1)), t("legend.out")],
    [sample("lane-main", s("path", {class: "way in", d: "M12 12H42"}), arrow(12, 12, -1)), t("legend.in")],
    [sample("lane-main", s("path", {class: "way in answers", d: "M12 12H42"}), arrow(12, 12, -1)), t("legend.sends")],
    [sample("lane-main retired", s("path", {class: "bed", d: "M2 12H42"}), s("path", {class: "way in", d: "M12 12H42"}), arrow(12, 12, -1)), t("legend.retired")],
    [sample("lane-main", ...signs({verdict: "good", first: true, row: {orphans: 3}}, 5, 12)), t("legend.orphan")],
    [s("svg", {class: "sample thief", viewBox: "0 0 44 24", width: 44, height: 24, "aria-hidden": "true"},
      s("path", {class: "stolen", d: "M42 12H12"}), arrow(12, 12, -1)), t("legend.theft")],
  ];
}
