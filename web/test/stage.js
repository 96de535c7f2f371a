// What the tests of the page need: the program running, and a browser that tells on the page.
import {spawn} from "node:child_process";
import {mkdirSync, mkdtempSync, readFileSync, rmSync} from "node:fs";
import {createServer} from "node:net";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {chromium} from "playwright-core";

const program = process.env.PAGE_BINARY;
const screenshots = process.env.PAGE_SCREENSHOTS;
const browserPath = process.env.PAGE_CHROMIUM ?? "/usr/bin/chromium";
const patience = 120_000;

mkdirSync(screenshots, {recursive: true});

/** A folder that goes away with the tests. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), "kanal-page-"));
  return {path, remove: () => rmSync(path, {recursive: true, force: true})};
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const {port} = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts the program and waits until `pattern` is in its output; gives the output, and how to end it. */
export function launch(args, pattern) {
  const child = spawn(program, args, {stdio: ["ignore", "pipe", "pipe"]});
  let output = "";
  const stop = () => new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.once("exit", resolve);
    child.kill("SIGTERM");
  });
  return new Promise((resolve, reject) => {
    const fail = (why) => {
      clearTimeout(late);
      child.kill("SIGKILL");
      reject(new Error(`${program} ${args.join(" ")}: ${why}\n${output}`));
    };
    const late = setTimeout(() => fail("too slow"), patience);
    const hear = (data) => {
      output += data;
      if (!pattern.test(output)) return;
      clearTimeout(late);
      resolve({output, stop});
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => fail(`ended with ${code}`));
    child.once("error", (error) => fail(error.message));
  });
}

/** Runs a command of the program to its end. */
export function run(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {stdio: ["ignore", "pipe", "pipe"], timeout: patience});
    let output = "";
    child.stdout.on("data", (data) => { output += data; });
    child.stderr.on("data", (data) => { output += data; });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve(output) : reject(new Error(`${args.join(" ")}: ${code}\n${output}`))));
  });
}

/** Asks until `good` of the JSON answer. */
export async function until(url, good) {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    const answer = await (await fetch(url)).json();
    if (good(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url}: never as it should be`);
}

/** The fixture of that name. */
export const fixture = (name) => JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8"));

export const launchBrowser = () => chromium.launch({executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"]});

/**
 * A page whose every request and console message (breaches of the content security policy are among them) is written
 * down. `answers`: path -> what is given instead of the server's answer.
 */
export async function visit(browser, url, {size = [1280, 800], locale = "nb-NO", dark = false, answers = {}, path = "/", login} = {}) {
  const context = await browser.newContext({viewport: {width: size[0], height: size[1]}, locale, timezoneId: "Europe/Oslo",
    colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", httpCredentials: login});
  const page = await context.newPage();
  const seen = {requests: [], complaints: []};
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  for (const [wanted, body] of Object.entries(answers)) {
    await page.route((address) => address.pathname === wanted, (route) => route.fulfill({json: body}));
  }
  await page.goto(url + path);
  await page.locator("h1").waitFor();
  return {page, seen, context};
}

/** A picture of the whole page, for people to look at. */
export const picture = (page, name) => page.screenshot({path: join(screenshots, `${name}.png`), fullPage: true});

/** Is anything wider than the window? */
export const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
