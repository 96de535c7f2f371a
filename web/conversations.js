// The view of conversations: search, pages, and the history of a message.
import {h, show} from "./dom.js";
import {kind, number, party, time} from "./format.js";
import {counted, t} from "./i18n.js";
import {refusal} from "./words.js";

const pageSize = 20;
const statuses = ["OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST", "FEIL", "ANNET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT", "LEVETID_UTLOPT"];
const services = ["DPO", "DPI", "DPV", "DPF", "DPE", "DPFIO"];

const tone = (status) => ({FEIL: "conflict", LEVETID_UTLOPT: "conflict", ANNET: "notice", LEVERT: "good", LEST: "good", INNKOMMENDE_LEVERT: "good"}[status] ?? "plain");

const statusPill = (status) => h("span", {class: `pill ${tone(status)}`, title: status}, t(`status.${status}`));

/** The newest of statuses that come in any order. */
function latest(conversation) {
  const sorted = [...(conversation.messageStatuses ?? [])].sort((a, b) => a.lastUpdate.localeCompare(b.lastUpdate) || a.id - b.id);
  return sorted.at(-1);
}

/** A full identifier or the part without `0192:`. */
const partyFilter = (name, value) => (value.includes(":") ? {[name]: value} : {[`${name}Identifier`]: value});

function filterOf(fields) {
  const filter = {messageId: fields.messageId, conversationId: fields.conversationId, serviceIdentifier: fields.service, direction: fields.direction};
  if (fields.sender) Object.assign(filter, partyFilter("sender", fields.sender));
  if (fields.receiver) Object.assign(filter, partyFilter("receiver", fields.receiver));
  return filter;
}

/** A page of conversations: {rows, total, pages, onPage}. With a status, the statuses of that name are paged. */
async function find(at, fields, page) {
  if (!fields.status) {
    const found = await at.conversations({...filterOf(fields), page, size: pageSize});
    return {rows: found.content, total: found.totalElements, pages: found.totalPages};
  }
  const found = await at.statuses({status: fields.status, messageId: fields.messageId, conversationId: fields.conversationId, page, size: pageSize, sort: "id,desc"});
  const wanted = new Set(found.content.map((status) => status.convId));
  const ids = [...new Set(found.content.map((status) => status.messageId))];
  const pages = await Promise.all(ids.map((messageId) => at.conversations({...filterOf(fields), messageId})));
  const rows = pages.flatMap((one) => one.content).filter((conversation) => wanted.has(conversation.id));
  const narrowed = fields.sender || fields.receiver || fields.service || fields.direction;
  return {rows, total: found.totalElements, pages: found.totalPages, onPage: narrowed ? found.content.length : null};
}

function entry(status) {
  return h("li", {class: `event ${tone(status.status)}`},
    h("p", {class: "event-head"}, h("strong", {}, t(`status.${status.status}`)), " ", h("span", {class: "code"}, status.status)),
    h("p", {class: "event-time"}, h("time", {datetime: status.lastUpdate}, time(status.lastUpdate))),
    h("p", {}, status.description || t(`says.${status.status}`)),
    status.rawReceipt ? h("details", {class: "raw"}, h("summary", {}, t("talk.raw")), h("pre", {tabindex: 0}, status.rawReceipt)) : null);
}

/** The history at each installation that knows the message. */
async function history(world, at, messageId) {
  const ends = world.overview ? [at, ...world.installations.filter((one) => one !== at)] : [at];
  const found = await Promise.all(ends.map(async (end) => {
    try {
      return {end, list: (await end.statuses({messageId, size: 200, sort: "id,asc"})).content};
    } catch (error) {
      if (end === at) throw error;
      return {end, list: []};  // the other end is away: this end's history is what was asked for
    }
  }));
  return found.filter(({end, list}) => end === at || list.length > 0);
}

async function openDetails(place, world, at, conversation) {
  const facts = [["messageId", conversation.messageId], ["conversationId", conversation.conversationId], ["reference", conversation.messageReference],
    ["process", conversation.processIdentifier], ["document", conversation.documentIdentifier], ["expiry", time(conversation.expiry)]];
  show(place, h("p", {class: "quiet"}, t("loading")));
  try {
    const ends = await history(world, at, conversation.messageId);
    show(place,
      h("div", {class: "ends"}, ends.map(({end, list}) => h("section", {},
        h("h3", {}, t("talk.timeline"), end.name ? ` ${t("talk.at", {name: end.name})}` : ""), h("ol", {class: "timeline"}, list.map(entry))))),
      h("dl", {class: "about-message"}, facts.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, t(`talk.${name}`)), h("dd", {}, value)))));
  } catch (error) {
    show(place, refusal(error));
  }
}

function row(world, at, conversation, index) {
  const detailsId = `details-${index}`;
  const inside = h("td", {colspan: 5});
  const details = h("tr", {class: "details", id: detailsId, hidden: true}, inside);
  const button = h("button", {type: "button", class: "title", "aria-expanded": "false", "aria-controls": detailsId,
    onclick: () => {
      const open = details.hidden;
      details.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      if (open) openDetails(inside, world, at, conversation);
    }}, conversation.messageTitle || t("talk.untitled"));
  const last = latest(conversation);
  const out = conversation.direction === "OUTGOING";
  const cell = (name, ...content) => h("td", {"data-label": t(`talk.${name}`), class: `c-${name}`}, content);
  return [h("tr", {class: "talk"},
    cell("what", button, h("span", {class: "sub"}, h("span", {class: `way ${out ? "out" : "in"}`}, out ? "↗ " : "↙ ", t(`direction.${conversation.direction}`)),
      ` · ${conversation.serviceIdentifier} · ${kind(conversation.documentIdentifier)}`)),
    cell("from", party(conversation.sender)), cell("to", party(conversation.receiver)),
    cell("last", last ? statusPill(last.status) : "–"),
    cell("when", h("time", {datetime: conversation.lastUpdate}, time(conversation.lastUpdate)))), details];
}

function select(name, values, label) {
  return h("select", {name, id: `find-${name}`}, h("option", {value: ""}, t("talk.any")), values.map((value) => h("option", {value}, label(value))));
}

const field = (name, control) => h("div", {class: `field f-${name}`}, h("label", {for: `find-${name}`}, t(`talk.${name}`)), control);

const text = (name) => h("input", {type: "text", name, id: `find-${name}`, autocomplete: "off", spellcheck: "false", maxlength: 200});

export async function conversationsView(place, world, signal, at) {
  let page = 0;
  const found = h("p", {class: "found", role: "status"});
  const list = h("div", {class: "scroll"});
  const paging = h("nav", {class: "paging", "aria-label": t("talk.paging")});
  const form = h("form", {class: "search", role: "search", onsubmit: (event) => {
    event.preventDefault();
    page = 0;
    refresh();
  }, onreset: () => setTimeout(() => {
    page = 0;
    refresh();
  })},
  field("messageId", text("messageId")), field("conversationId", text("conversationId")), field("sender", text("sender")), field("receiver", text("receiver")),
  field("service", select("service", services, (value) => value)), field("status", select("status", statuses, (value) => t(`status.${value}`))),
  field("direction", select("direction", ["OUTGOING", "INCOMING"], (value) => t(`direction.${value}`))),
  h("div", {class: "actions"}, h("button", {type: "submit", class: "primary"}, t("talk.search")), h("button", {type: "reset"}, t("talk.clear"))));
  show(place, h("h1", {}, t("talk.title")), h("p", {class: "lead"}, t("talk.lead")), form, found, list, paging);

  let asked = 0;
  const refresh = async () => {
    const turn = ++asked;
    const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
    try {
      const {rows, total, pages, onPage} = await find(at, fields, page);
      if (signal.aborted || turn !== asked) return;
      show(found, onPage === null || onPage === undefined ? counted("talk.found", total) : t("talk.found.page", {n: rows.length, of: onPage}));
      show(list, rows.length === 0 ? h("p", {class: "empty"}, t("talk.empty")) : h("table", {class: "cards talks"},
        h("thead", {}, h("tr", {}, ["what", "from", "to", "last", "when"].map((name) => h("th", {scope: "col"}, t(`talk.${name}`))))),
        h("tbody", {}, rows.map((conversation, i) => row(world, at, conversation, i)))));
      const turnTo = (to) => () => {
        page = to;
        refresh();
      };
      show(paging, pages <= 1 ? null : [
        h("button", {type: "button", disabled: page === 0, onclick: turnTo(page - 1)}, t("talk.previous")),
        h("span", {}, t("talk.page", {page: number(page + 1), pages: number(pages)})),
        h("button", {type: "button", disabled: page + 1 >= pages, onclick: turnTo(page + 1)}, t("talk.next"))]);
    } catch (error) {
      if (signal.aborted || turn !== asked) return;
      show(found);
      show(list, refusal(error));
      show(paging);
    }
  };
  await refresh();
  return null;  // only refreshed when asked for: an open history stays where it is
}
