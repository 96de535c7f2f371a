// What the installations say. Everything is read only, and only from the server that gave this page.

/** An answer that is no success, or none at all. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const patience = 15_000;

/** JSON of a path; `accept` lists further statuses whose body counts too. */
async function read(path, accept = []) {
  let answer;
  try {
    answer = await fetch(path, {headers: {Accept: "application/json"}, signal: AbortSignal.timeout(patience)});
  } catch (error) {
    throw new Refused(0, error.message);
  }
  if (answer.ok || accept.includes(answer.status)) return answer.json();
  const body = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, body.message || answer.statusText);
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length === 0 ? "" : "?" + new URLSearchParams(given);
}

/** One installation: where it is, and what may be asked of it. */
class Installation {
  constructor(context, about, prefix) {
    this.about = about;
    this.name = about.name;
    this.prefix = prefix;
    this.management = context.management;
    this.exposed = new Set(context.exposed);
  }
  may(endpoint) { return this.exposed.has(endpoint); }
  /** The table of channels, or null when this visitor may not see it. */
  async channels() { return this.may("channels") ? read(`${this.prefix}${this.management}/channels`) : null; }
  async health() { return this.may("health") ? read(`${this.prefix}${this.management}/health`, [503]) : null; }
  async config() { return this.may("config") ? read(`${this.prefix}${this.management}/config`) : null; }
  async conversations(parameters) { return read(`${this.prefix}/api/conversations${query(parameters)}`); }
  async statuses(parameters) { return read(`${this.prefix}/api/statuses${query(parameters)}`); }
  /** How many conversations match. */
  async count(parameters) { return (await this.conversations({...parameters, size: 1})).totalElements; }
  /** Days until the certificate expires, or null. */
  async certificateDays() {
    if (!this.may("metrics")) return null;
    const all = await read(`${this.prefix}${this.management}/metrics`);
    if (!all.names?.includes("kanal.certificate.days")) return null;
    const one = await read(`${this.prefix}${this.management}/metrics/kanal.certificate.days`);
    return one.measurements?.[0]?.value ?? null;
  }
}

/** {version, overview: bool, installations} */
export async function open() {
  const context = await read("/page/context.json");
  if (!context.overview) {
    return {version: context.version, overview: false, installations: [new Installation(context, {name: ""}, "")]};
  }
  const list = await read(context.overview);
  const installations = list.map((about) => new Installation(context, about, `/overview/${encodeURIComponent(about.name)}`));
  return {version: context.version, overview: true, installations};
}
