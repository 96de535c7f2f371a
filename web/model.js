// From what the installations answer to what is drawn: bands (one per message service) of lanes (one per channel).

const rank = {good: 0, unknown: 0, notice: 1, conflict: 2};

/** The worse of two verdicts. */
export const worse = (a, b) => (rank[b] > rank[a] ? b : a);

/** Channels of the same name in several inboxes are one lane. */
function channelsOf(row) {
  const found = new Map();
  for (const channel of row.channels.length > 0 ? row.channels : [{inbox: "", name: null, state: "own"}]) {
    const key = `${channel.state}/${channel.name ?? ""}`;
    const known = found.get(key);
    if (known) {
      known.inboxes.push(channel.inbox);
      known.openMessages += channel.openMessages ?? 0;
    } else {
      found.set(key, {...channel, openMessages: channel.openMessages ?? 0, inboxes: channel.inbox ? [channel.inbox] : []});
    }
  }
  return [...found.values()];
}

/** `states`: [{at, table, counts}] per installation that answered. Bands in order of appearance. */
export function bandsOf(states) {
  const bands = new Map();
  for (const {at, table, counts} of states) {
    const name = at.name || table.installation.name || table.installation.id;
    for (const row of table.services) {
      if (!bands.has(row.service)) bands.set(row.service, {service: row.service, title: row.title, isolation: row.isolation, lanes: []});
      channelsOf(row).forEach((channel, index) => {
        const retired = channel.state === "retired";
        bands.get(row.service).lanes.push({
          key: `${at.name}/${row.service}/${channel.state}/${channel.name ?? ""}`,
          installation: name,
          organisation: table.installation.organisation.replace(/^0192:/, ""),
          row, channel, retired,
          first: index === 0,
          verdict: retired ? "good" : row.verdict,
          counts: index === 0 ? counts[row.service] : null,
        });
      });
    }
  }
  return [...bands.values()];
}

export const lanesOf = (bands) => bands.flatMap((band) => band.lanes);
