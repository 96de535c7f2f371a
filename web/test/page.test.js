// The page as people meet it: in a browser, over a sandbox with real messages, and over made-up trouble.
import assert from "node:assert/strict";
import {writeFileSync} from "node:fs";
import {join} from "node:path";
import {after, before, describe, it} from "node:test";
import {fixture, folder, launch, launchBrowser, overflows, picture, run, until, visit} from "./stage.js";

const attack = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;
const views = ["channels", "conversations", "health", "config"];
const titles = {
  "nb-NO": {channels: "Hvem bruker hvilken kanal", conversations: "Samtaler", health: "Helse", config: "Oppsett"},
  "en-US": {channels: "Who uses which channel", conversations: "Conversations", health: "Health", config: "Configuration"},
};
const narrow = [400, 800];

let place;
let sandbox;
let browser;
let overview;
let main;

before(async () => {
  place = folder();
  sandbox = await launch(["sandbox", "--demo", "--first-port", "0", "--sandbox-folder", join(place.path, "box")], /Ctrl-C ends it/);
  const address = (name) => sandbox.output.match(new RegExp(`${name}\\s+(http://\\S+)`))[1];
  overview = address("the page");
  main = address("agency-main");
  const letter = join(place.path, "brev.txt");
  writeFileSync(letter, "Hei");
  await run("send", letter, "--to", "310701378", "--url", main, "--title", attack);
  await until(`${main}/api/conversations?messageTitle=${encodeURIComponent(attack)}`,
    ({content}) => content[0]?.messageStatuses.some(({status}) => status === "MOTTATT"));
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  await sandbox?.stop();
  place.remove();
});

/** Visits, and afterwards holds what the page did against what it may do. */
async function at(url, options, look) {
  const {page, seen, context} = await visit(browser, url, options);
  try {
    await look(page, seen);
    assert.deepEqual(seen.complaints, []);
    assert.ok(seen.requests.length > 5);
    for (const request of seen.requests) assert.equal(new URL(request).origin, new URL(url).origin, request);
  } finally {
    await context.close();
  }
}

/** Waits until the view has what it shows. */
async function ready(page, view) {
  const sign = {channels: ".map [data-lane], .remark", conversations: ".talks .title, .empty", health: ".banner", config: ".config tbody tr"}[view];
  await page.locator(sign).first().waitFor();
}

const inTrouble = {"/manage/channels": fixture("trouble")};

describe("every view", () => {
  for (const locale of Object.keys(titles)) {
    for (const view of views) {
      it(`${view}, ${locale}: wide, dark and 400 px`, async () => {
        for (const [name, options] of [["light", {}], ["dark", {dark: true}], ["narrow", {size: narrow}]]) {
          await at(overview, {locale, path: `/#/${view}`, ...options}, async (page) => {
            await ready(page, view);
            assert.equal(await page.locator("h1").textContent(), titles[locale][view]);
            assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
            assert.equal(await overflows(page), false);
            await picture(page, `${view}-${locale.slice(0, 2)}-${name}`);
          });
        }
      });
    }
  }

  it("is also an installation's own", async () => {
    for (const view of views) {
      await at(main, {path: `/#/${view}`}, async (page) => {
        await ready(page, view);
        assert.equal(await page.locator("#installation").count(), 0);
        assert.equal(await page.locator("#whose").textContent(), "agency-main");
        await picture(page, `own-${view}`);
      });
    }
  });
});

describe("preferences", () => {
  it("language and light are chosen on the page and remembered", async () => {
    await at(main, {}, async (page) => {
      await ready(page, "channels");
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await ground();
      await page.getByRole("button", {name: "English"}).click();
      await page.getByRole("button", {name: "Dark"}).click();
      const dark = await ground();
      assert.notEqual(dark, light);
      assert.equal(await page.getByRole("button", {name: "Dark"}).getAttribute("aria-pressed"), "true");
      await page.reload();
      await page.getByRole("heading", {name: titles["en-US"].channels}).waitFor();
      assert.equal(await ground(), dark);
    });
  });
});

describe("channels", () => {
  it("draws every installation's lanes, and lists the same in the table", async () => {
    await at(overview, {}, async (page) => {
      await ready(page, "channels");
      const lanes = page.locator("[data-lane]");
      const labels = await lanes.evaluateAll((all) => all.map((lane) => lane.getAttribute("aria-label")));
      for (const name of ["agency-main, DPO, uten kanal", "agency-vendor-a, DPO, kanal fagsys-a", "municipality, DPO, uten kanal"]) {
        assert.ok(labels.some((label) => label.startsWith(name)), `${name} in ${labels}`);
      }
      await page.getByText("Vis kartet som tabell").click();
      assert.equal(await page.locator(".as-table tbody tr").count(), labels.length);
      assert.ok(labels.some((label) => /agency-vendor-a, DPO.* [1-9]\d* sendt/.test(label)), labels.join("; "));
    });
  });

  it("shows trouble: evidence, what to change, orphans, retired channels, the other installation", async () => {
    for (const [name, options] of [["nb-light", {}], ["nb-narrow", {size: narrow}], ["en-dark", {locale: "en-US", dark: true}]]) {
      await at(main, {answers: inTrouble, ...options}, async (page) => {
        await ready(page, "channels");
        const english = options.locale === "en-US";
        assert.equal(await page.locator(".map .thief").count(), 1);
        assert.equal(await page.locator(".map .retired").count(), 1);
        assert.equal(await page.locator(".map .sign.orphan").first().textContent(), "3");
        const panel = page.locator(".about");
        const text = await panel.textContent();
        assert.match(text, english ? /A second installation of the organisation receives here/ : /Enda en installasjon i organisasjonen mottar her/);
        assert.match(text, /taken before it was downloaded here/);
        assert.match(await panel.locator(".change").textContent(), /difi\.move\.dpo\.message-channel/);
        assert.equal(await overflows(page), false);
        await picture(page, `trouble-${name}`);
        await page.locator('[data-lane*="retired"]').click();
        assert.match(await panel.textContent(), english ? /Listened to until/ : /Lyttes til til siste svar/);
        await page.locator('[data-lane*="/DPI/"]').click();
        assert.match(await panel.locator(".change").textContent(), /difi\.move\.dpi\.mpcId/);
      });
    }
  });

  it("says which installation does not answer", async () => {
    const {page, seen, context} = await visit(browser, main, {});
    await page.route("**/manage/channels", (route) => route.abort());
    await page.reload();
    await page.locator(".remark.bad").waitFor();
    assert.match(await page.locator(".remark.bad").textContent(), /svarer ikke/);
    assert.ok(seen.complaints.every((text) => /ERR_FAILED/.test(text)), seen.complaints.join("\n"));
    await context.close();
  });

  it("is not for everybody", async () => {
    const answers = {"/page/context.json": {version: "0", management: "/manage", exposed: ["health"], overview: null}};
    for (const view of ["channels", "config"]) {
      await at(main, {answers, path: `/#/${view}`}, async (page, seen) => {
        await page.locator(".remark").waitFor();
        assert.match(await page.locator(".remark").textContent(), /etter innlogging/);
        assert.ok(!seen.requests.some((url) => url.includes("/manage/")), "nothing is asked for that would be refused");
      });
    }
  });
});

describe("conversations", () => {
  it("show what a message says as text", async () => {
    await at(main, {path: "/#/conversations"}, async (page) => {
      await ready(page, "conversations");
      const title = page.locator(".title", {hasText: "<img"});
      assert.equal(await title.textContent(), attack);
      await title.click();
      await page.locator(".timeline li").first().waitFor();
      assert.equal(await page.locator("main img, main script").count(), 0);
      assert.ok(!(await page.title()).includes("taken"));
    });
  });

  it("tell a message's history at both ends", async () => {
    for (const [name, options] of [["wide", {}], ["narrow", {size: narrow}]]) {
      await at(overview, {path: "/#/conversations?at=agency-vendor-a", ...options}, async (page) => {
        await ready(page, "conversations");
        await page.locator(".talk", {hasText: /ut · DPO · arkivmelding/}).first().locator(".title").click();
        await page.locator(".ends section").nth(1).waitFor();
        const ends = await page.locator(".ends h3").allTextContents();
        assert.deepEqual(ends, ["Historikk hos agency-vendor-a", "Historikk hos municipality"]);
        const here = await page.locator(".ends section").first().locator(".event-head strong").allTextContents();
        assert.deepEqual(here.slice(0, 2), ["Opprettet", "Sendt"]);
        assert.equal(await overflows(page), false);
        await picture(page, `history-${name}`);
      });
    }
  });

  it("fold the raw receipt", async () => {
    const status = {id: 1, convId: 1, messageId: "m", conversationId: "c", lastUpdate: "2026-11-26T12:00:00+01:00", status: "FEIL",
      description: "Mottaker finnes ikke", rawReceipt: "<kvittering>feil</kvittering>"};
    const conversation = {id: 1, messageId: "m", conversationId: "c", sender: "0192:310700002", receiver: "21868110187", direction: "OUTGOING", serviceIdentifier: "DPI",
      messageTitle: "", lastUpdate: status.lastUpdate, messageStatuses: [{id: 1, lastUpdate: status.lastUpdate, status: "FEIL"}]};
    const answers = {"/api/conversations": {content: [conversation], totalElements: 1, totalPages: 1}, "/api/statuses": {content: [status], totalElements: 1, totalPages: 1}};
    await at(main, {answers, path: "/#/conversations"}, async (page) => {
      await ready(page, "conversations");
      assert.ok(!(await page.locator("main").textContent()).includes("21868110187"), "a person's number is not shown");
      await page.locator(".title").click();
      const raw = page.locator(".raw");
      await raw.waitFor();
      assert.equal(await raw.locator("pre").isVisible(), false);
      await raw.locator("summary").click();
      assert.equal(await raw.locator("pre").textContent(), status.rawReceipt);
    });
  });

  it("are found by every field", async () => {
    await at(main, {path: "/#/conversations"}, async (page) => {
      await ready(page, "conversations");
      const all = await page.locator(".title").count();
      const search = async (fields) => {
        await page.getByRole("button", {name: "Nullstill"}).click();
        for (const [label, value] of Object.entries(fields)) {
          const control = page.getByLabel(label, {exact: true});
          if (await control.evaluate((element) => element.tagName) === "SELECT") await control.selectOption(value);
          else await control.fill(value);
        }
        const answered = page.waitForResponse((response) => /\/api\/(conversations|statuses)/.test(response.url()) && response.url().includes("page="));
        await page.getByRole("button", {name: "Søk"}).click();
        await answered;
        await page.waitForTimeout(300);
        return page.locator(".title").count();
      };
      await page.locator(".title", {hasText: "<img"}).click();
      const messageId = await page.locator(".about-message dd").first().textContent();
      const conversationId = await page.locator(".about-message dd").nth(1).textContent();
      assert.equal(await search({"Melding-id": messageId}), 1);
      assert.ok(await search({"Samtale-id": conversationId}) >= 1);
      assert.equal(await search({"Melding-id": "no-such"}), 0);
      const outgoing = await search({Retning: "OUTGOING"});
      const incoming = await search({Retning: "INCOMING"});
      assert.ok(outgoing > 0);
      assert.equal(outgoing + incoming, all);
      assert.equal(await search({Avsender: "310700002", Mottaker: "0192:310701378"}), await search({Retning: "OUTGOING", Tjeneste: "DPO"}));
      assert.equal(await search({Avsender: "987654321"}), 0);
      assert.equal(await search({Tjeneste: "DPE"}), 2, "a publication out, a request for access in");
      assert.equal(await search({Tjeneste: "DPFIO"}), 2, "a question out, its answer in");
      assert.equal(await search({Tjeneste: "DPO", "Har hatt status": "MOTTATT", "Melding-id": messageId}), 1);
      assert.equal(await search({"Har hatt status": "FEIL"}), 0);
    });
  });

  it("come in pages", async () => {
    const {page, context} = await visit(browser, main, {});
    await page.route((url) => url.pathname === "/api/conversations" && url.searchParams.has("page"), (route) => {
      const number = Number(new URL(route.request().url()).searchParams.get("page"));
      const content = Array.from({length: number === 2 ? 5 : 20}, (_, i) => ({id: number * 20 + i, messageId: `m${i}`, conversationId: "c", sender: "0192:310700002",
        receiver: "0192:310701378", direction: "OUTGOING", serviceIdentifier: "DPO", messageTitle: `Sak ${number * 20 + i + 1}`, documentIdentifier: "urn:no:difi:arkivmelding:xsd::arkivmelding",
        lastUpdate: "2026-11-26T12:00:00+01:00", messageStatuses: [{id: 1, lastUpdate: "2026-11-26T12:00:00+01:00", status: i % 3 === 0 ? "LEVERT" : "SENDT"}]}));
      return route.fulfill({json: {content, totalElements: 45, totalPages: 3}});
    });
    await page.goto(`${main}/#/conversations`);
    await page.getByText("Side 1 av 3").waitFor();
    assert.equal(await page.getByRole("button", {name: "Forrige"}).isDisabled(), true);
    await picture(page, "pages");
    await page.getByRole("button", {name: "Neste"}).click();
    await page.getByText("Sak 21").waitFor();
    await page.getByRole("button", {name: "Neste"}).click();
    await page.getByText("Side 3 av 3").waitFor();
    assert.equal(await page.locator(".title").count(), 5);
    assert.equal(await page.getByRole("button", {name: "Neste"}).isDisabled(), true);
    await context.close();
  });
});

describe("health", () => {
  it("says in words what is wrong", async () => {
    const health = {status: "DOWN", components: {
      db: {status: "DOWN", details: {error: "the database is locked"}},
      diskSpace: {status: "UP", details: {free: 5_000_000_000, threshold: 1_000_000_000}},
      channels: {status: "UP", details: {findings: fixture("trouble").services[0].evidence, orphans: 3, quarantined: 1}},
      DPO: {status: "UP", details: {isolation: "by_channel", problem: "the broker answers 503",
        inboxes: [{inbox: "0192:310700002", waitingForOtherChannels: 6, lastSuccess: new Date(Date.now() - 600_000).toISOString(), lastError: "http.connect: no answer"}]}}}};
    const answers = {"/manage/health": health, "/manage/metrics": {names: ["kanal.certificate.days"]}, "/manage/metrics/kanal.certificate.days": {measurements: [{value: 12.4}]}};
    for (const [name, options] of [["wide", {}], ["narrow", {size: narrow, dark: true}]]) {
      await at(main, {answers, path: "/#/health", ...options}, async (page) => {
        await ready(page, "health");
        const text = await page.locator("main").textContent();
        for (const words of ["Noe er nede", "the database is locked", "the broker answers 503", "for 10 minutter siden", "utløper om 12 dager", "en annen tok det"]) {
          assert.ok(text.includes(words), `${words} in ${text}`);
        }
        assert.equal(await overflows(page), false);
        await picture(page, `health-down-${name}`);
      });
    }
  });
});

describe("configuration", () => {
  it("hides secrets and names origins", async () => {
    await at(main, {path: "/#/config"}, async (page) => {
      await ready(page, "config");
      const row = page.locator("tr", {hasText: "difi.move.org.keystore.password"});
      assert.match(await row.locator(".c-value").textContent(), /^skjult$/);
      assert.match(await row.locator(".c-origin").textContent(), /^integrasjonspunkt-local\.properties:\d+$/);
      await page.getByLabel("Finn innstilling").fill("dpo.systemuser");
      assert.equal(await page.locator(".config tbody tr").count(), 2);
      await page.getByLabel("Finn innstilling").fill("no such setting");
      await page.locator(".empty").waitFor();
    });
  });
});

describe("safety", () => {
  it("the policy stops foreign and inline script, foreign requests and text as markup", async () => {
    const {page, context} = await visit(browser, main, {});
    const outcome = await page.evaluate(async () => {
      const stopped = [];
      document.addEventListener("securitypolicyviolation", (event) => stopped.push(event.violatedDirective));
      const attempt = (work) => {
        try {
          work();
        } catch {
          // trusted types throw
        }
      };
      attempt(() => { document.body.innerHTML = "<b>x</b>"; });
      attempt(() => {
        const script = document.createElement("script");
        script.textContent = "window.taken = true";
        document.head.append(script);
      });
      attempt(() => { document.body.setAttribute("onclick", "window.taken = true"); document.body.click(); });
      const image = new Image();
      image.src = "https://evil.example/x.png";
      await fetch("https://evil.example/").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
      return {stopped, taken: window.taken ?? false, intact: document.querySelector("h1") !== null};
    });
    assert.equal(outcome.taken, false);
    assert.equal(outcome.intact, true);
    for (const directive of ["require-trusted-types-for", "img-src", "connect-src"]) assert.ok(outcome.stopped.includes(directive), `${directive} in ${outcome.stopped}`);
    await context.close();
  });
});

describe("keyboard only", () => {
  /** What has the focus, and whether people can see that it has. */
  const focused = (page) => page.evaluate(() => {
    const element = document.activeElement;
    const own = getComputedStyle(element);
    const hit = element.querySelector?.(".hit");
    const drawn = hit && getComputedStyle(hit).stroke !== "none";
    return {text: element.textContent.trim(), label: element.getAttribute("aria-label"), lane: element.dataset.lane ?? null,
      visible: drawn || (own.outlineStyle !== "none" && parseFloat(own.outlineWidth) >= 2), tag: element.tagName};
  });
  const tabTo = async (page, wanted) => {
    for (let i = 0; i < 60; ++i) {
      await page.keyboard.press("Tab");
      const now = await focused(page);
      assert.ok(now.visible, `focus is visible on ${JSON.stringify(now)}`);
      if (wanted(now)) return now;
    }
    return assert.fail("never reached");
  };

  it("reaches everything in order, and the focus is seen", async () => {
    await at(main, {answers: inTrouble}, async (page) => {
      await ready(page, "channels");
      await page.keyboard.press("Tab");
      assert.equal((await focused(page)).text, "Til innholdet");
      for (const view of ["Kanaler", "Samtaler", "Helse", "Oppsett"]) assert.equal((await tabTo(page, () => true)).text, view);
      assert.equal((await tabTo(page, () => true)).label, "Norsk");
      await tabTo(page, ({lane}) => lane?.includes("/DPO/retired"));
      await page.keyboard.press("Enter");
      assert.match(await page.locator(".about h2").textContent(), /arkiv-2025/);
      await tabTo(page, ({lane}) => lane?.includes("/DPI/own"));
      assert.match(await page.locator(".about h2").textContent(), /agency-main/);
      await picture(page, "keyboard-lane");
      await tabTo(page, ({text}) => text === "Vis kartet som tabell");
      await page.keyboard.press("Enter");
      assert.equal(await page.locator(".as-table table").isVisible(), true);
    });
  });

  it("opens a history and closes it", async () => {
    await at(main, {path: "/#/conversations"}, async (page) => {
      await ready(page, "conversations");
      await tabTo(page, ({tag, text}) => tag === "BUTTON" && text.startsWith("<img"));
      await page.keyboard.press("Enter");
      await page.locator(".timeline li").first().waitFor();
      await page.keyboard.press("Enter");
      assert.equal(await page.locator(".timeline").first().isVisible(), false);
    });
  });

  it("skips to the content", async () => {
    await at(main, {}, async (page) => {
      await ready(page, "channels");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.id), "content");
      assert.equal(await page.locator("h1").textContent(), titles["nb-NO"].channels);
    });
  });
});
