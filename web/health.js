// The view of health: what /manage/health says, in people's words.
import {h, show} from "./dom.js";
import {ago, bytes, number} from "./format.js";
import {has, t} from "./i18n.js";
import {findingList, pill, refusal} from "./words.js";

const soon = 30;  // days before a certificate's end that people should know

const state = (status) => pill(status === "UP" ? "good" : "conflict", t(status === "UP" ? "up" : "down"));

/** Which parts are worth a card, and the figures their sentence needs. */
const sentences = {
  db: () => ({}),
  diskSpace: (d) => ({free: bytes(d.free), threshold: bytes(d.threshold)}),
  nextMoveQueue: (d) => ({outgoing: number(d.outgoing), incoming: number(d.incoming)}),
  messageStatus: (d) => ({pollable: number(d.pollable)}),
  webhooks: (d) => ({subscriptions: number(d.subscriptions), failing: number(d.failing.length)}),
  channels: (d) => ({findings: number(d.findings.length), orphans: number(d.orphans), quarantined: number(d.quarantined)}),
};

function part(name, component) {
  const details = component.details ?? {};
  const text = component.status === "UP" ? t(`component.${name}.text`, sentences[name](details)) : details.error || t("down");
  return h("li", {class: "card"}, h("div", {class: "card-head"}, h("h3", {}, t(`component.${name}`)), state(component.status)), h("p", {}, text),
    name === "webhooks" && details.failing?.length > 0
      ? h("ul", {class: "plain"}, details.failing.map((one) => h("li", {}, pill(one.disabled ? "conflict" : "notice", one.name || String(one.id)), ` ${number(one.failures)}`)))
      : null);
}

function inbox(one) {
  const lines = [one.lastSuccess ? t("health.last_success", {ago: ago(one.lastSuccess)}) : t(one.polledByAnotherNode ? "health.elsewhere" : "health.never")];
  if (one.waitingForOtherChannels > 0) lines.push(t("health.waiting", {n: number(one.waitingForOtherChannels)}));
  return h("li", {}, h("p", {}, h("strong", {}, t("health.inbox", {inbox: one.inbox})), ` – ${lines.join(". ")}.`),
    one.lastError ? h("p", {class: "bad"}, t("health.last_error", {text: one.lastError})) : null);
}

function service(name, component) {
  const details = component.details;
  const troubled = details.problem || details.inboxes.some((one) => one.lastError);
  return h("li", {class: "card"},
    h("div", {class: "card-head"}, h("h3", {}, name, " ", h("span", {class: "quiet"}, has(`service.${name}`) ? t(`service.${name}`) : "")),
      troubled ? pill("notice") : state(component.status)),
    h("p", {class: "quiet"}, t(`isolation.short.${details.isolation}`)),
    details.problem ? h("p", {class: "bad"}, details.problem) : null,
    details.inboxes.length > 0 ? h("ul", {class: "plain"}, details.inboxes.map(inbox)) : h("p", {}, t("health.no_inbox")));
}

function certificate(days) {
  const verdict = days <= 0 ? "conflict" : days < soon ? "notice" : "good";
  return h("li", {class: "card"}, h("div", {class: "card-head"}, h("h3", {}, t("health.certificate")), pill(verdict)),
    h("p", {}, days <= 0 ? t("health.certificate.gone") : t("health.certificate.days", {n: number(Math.floor(days))})));
}

export async function healthView(place, world, signal, at) {
  const inside = h("div");
  show(place, h("h1", {}, t("health.title")), inside);
  show(inside, h("p", {class: "quiet"}, t("loading")));
  let drawn = "";
  const refresh = async () => {
    try {
      const [health, days] = await Promise.all([at.health(), at.certificateDays().catch(() => null)]);
      const now = JSON.stringify([health, days === null ? null : Math.floor(days)]);
      if (signal.aborted || now === drawn) return;
      drawn = now;
      if (health === null) {
        show(inside, h("p", {class: "remark"}, t("health.off")));
        return;
      }
      const banner = h("div", {class: `banner ${health.status === "UP" ? "good" : "conflict"}`, role: "status"},
        h("p", {class: "banner-title"}, t(`health.${health.status}`)), h("p", {}, t(`health.${health.status}.text`)));
      if (!health.components) {
        show(inside, banner, h("p", {class: "quiet"}, t("health.hidden")));
        return;
      }
      const components = Object.entries(health.components);
      const findings = health.components.channels?.details?.findings ?? [];
      show(inside, banner,
        h("h2", {}, t("health.services")), h("ul", {class: "grid"}, components.filter(([, one]) => one.details?.inboxes).map(([name, one]) => service(name, one))),
        h("h2", {}, t("health.parts")),
        h("ul", {class: "grid"}, components.filter(([name]) => name in sentences).map(([name, one]) => part(name, one)), days === null ? null : certificate(days)),
        h("h2", {}, t("health.findings")), findings.length === 0 ? h("p", {class: "quiet"}, t("health.findings.none")) : findingList(findings, 8));
    } catch (error) {
      if (signal.aborted) return;
      drawn = "";
      show(inside, refusal(error));
    }
  };
  await refresh();
  return refresh;
}
