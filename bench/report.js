/** Writes bench.md and bench.svg from the figures of one run. */
import { writeFileSync } from "node:fs";
import { format, median, own, ratio, rows } from "./figures.js";
import { plot } from "./plot.js";

const labelOf = ({ label, version, package: name }) => label + (name ? ` (${name} ${version})` : "");

/** The medians by row and contender, for people who try one contender. */
export function summarize(run) {
  const names = run.contenders.map(({ name }) => name);
  const values = (row) => Object.fromEntries(names.map((name) => [name, format(row, row.value(run, name))]));
  return Object.fromEntries(rows.map((row) => [title(row), values(row)]));
}

const title = ({ group, label, unit }) => `${group}: ${label}${unit === group ? "" : `, ${unit}`}`;

function table(run) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const cell = (row, name) => {
    const text = format(row, row.value(run, name));
    if (name === own) return `**${text}**`;
    const times = ratio(row, run, name);
    return times ? `${text} (${times < 0.1 ? times.toPrecision(1) : times.toFixed(times < 10 ? 2 : 0)})` : text;
  };
  const names = run.contenders.map(({ name }) => name);
  const head = ["", ...run.contenders.map(({ label }) => label)];
  const align = ["---", ...names.map(() => "---:")];
  const body = rows.map((row) => [title(row), ...names.map((name) => cell(row, name))]);
  return [head, align, ...body].map(line).join("\n");
}

/** For each row, the peers whose figure is better by more than 2 %, the best first; the page without flags is none. */
function betterElsewhere(run) {
  const peers = run.contenders.filter(({ kind }) => kind === "peer");
  const lines = rows.flatMap((row) => {
    const gain = ({ name }) => {
      const times = ratio(row, run, name);
      return times === undefined ? 1 : row.isRate ? 1 / times : times;
    };
    const better = peers.filter((peer) => gain(peer) < 0.98).sort((a, b) => gain(a) - gain(b));
    if (better.length === 0) return [];
    const list = better.map((peer) => `${peer.label} ${format(row, row.value(run, peer.name))}`).join(", ");
    return [`| ${title(row)} | ${format(row, row.value(run, own))} | ${list} |`];
  });
  return ["| figure | canary-runtime | better |", "|---|---:|---|", ...lines].join("\n");
}

/** When a page's requests begin and end. */
function requestTable(run, name) {
  const loadsOf = (protocol) => run.results[`slow, ${protocol}`][name];
  const [first, second] = ["HTTP/1.1", "HTTP/2"].map((protocol) => {
    const requests = loadsOf(protocol).flatMap((load) => load.requests);
    const paths = [...new Set(requests.map(({ path }) => path))];
    const middle = (path, key) =>
      median(requests.filter((request) => request.path === path).map((request) => request[key]));
    return paths.map((path) => ({
      path,
      ...Object.fromEntries(["start", "end", "bytes"].map((key) => [key, middle(path, key)])),
    }));
  });
  const ms = (value) => Math.round(value ?? NaN);
  const lines = first
    .toSorted((a, b) => a.start - b.start)
    .map(({ path, start, end, bytes }) => {
      const other = second.find((request) => request.path === path);
      return `| \`${path}\` | ${bytes} | ${ms(start)} to ${ms(end)} | ${ms(other?.start)} to ${ms(other?.end)} |`;
    });
  return ["| request | bytes | HTTP/1.1, ms | HTTP/2, ms |", "|---|---:|---:|---:|", ...lines].join("\n");
}

function page(run) {
  const { machine, versions, load, loads, seconds, contenders } = run;
  const memory = `${Math.round(machine.memory / 2 ** 30)} GiB`;
  const contender = (name) => contenders.find((one) => one.name === name);
  const requests = [own, "growthbook_client"].map((name) => `${contender(name).label}:\n\n${requestTable(run, name)}`);
  return `# Beside its peers

\`scripts/bench peers\` wrote this page and its plot. It loaded the same page with each library, in turns, in one run: all figures are
medians of ${loads} loads, each in a new browser profile. The numbers in parentheses are multiples of canary-runtime's figure, for a
user on stable.

![When the app runs over the slow link, for each library](bench.svg)

${table(run)}

## What the figures mean

- **bytes**: compressed by brotli, without the app and its config. *In all* includes what loads beside the app.
- **cold start**: a first view on the loopback, in milliseconds since the navigation. The *decision* says which bundle the user gets.
  The page then reads one flag. The *app* is a script of 80 KB, compressed, which is inserted after the decision.
- **slow link**: Chromium delays each request by 150 ms and limits the download to 1.6 Mbit/s. It delays no handshake, so HTTP/1.1
  without TLS and HTTP/2 with TLS differ in their connections only. Over HTTP/2 its limit makes some downloads of the app 200 ms
  slower, in pages of all libraries and of none; so the plot shows HTTP/1.1.
- **repeat visit**: a second view over the slow link with HTTP/2, with the files of the first view in the cache. Only the page and the
  config come from the server; ConfigCat reads a config that is younger than a minute from localStorage.
- **CPU**: all tasks of the main thread from the navigation until 0.2 s after the app runs, the static page's included. *Longest task*
  is the longest one of the main thread with the CPU slowed down 6 times by Chromium.
- **evaluations**: medians of 5 rounds, in thousands in a second of CPU time of the renderer, through the public interface, in the
  page. *A split for a new id* evaluates a 50 % split for an id that was not seen before; *five rules* a flag whose fifth rule
  matches every second user; *identify and one getter* changes the page's user and reads a flag; *same flag, same user* reads it
  again. Libraries without a user of the page have no figure for *identify*.
- **10,000 flags**: from the last byte of the config until the decision and until the first flag. Scripts and engines that
  arrive after the config are waited for.
- **memory**: JavaScript heap and buffers, with those of WebAssembly, after a garbage collection, above those of the static page.
- **demo**: largest contentful paint of the demo shop over the slow link with HTTP/2, with the runtime and stable (column
  canary-runtime) and with stable written into the page (column static page).

All libraries get the same flags in their own formats, and each page fails the run if its flags have wrong values. Every page
preloads its config, and its WebAssembly if it has any. The runtime's page is what \`canaryctl inject\` prints. The others have
the few lines of \`bench/contenders/boot.js\` around the library: they store an id, ask for the bundle and insert it. The
runtime's page also has a guard, a fallback to stable and an integrity check of the bundle; these pages have none.

## Where others are better

All figures that are better by more than 2 %, the best first:

${betterElsewhere(run)}

flagd-core compiles rules by \`new Function\`, which a Content-Security-Policy without \`'unsafe-eval'\` forbids; its interpreter, which
needs none, is not measured. Flipt and the runtime need \`'wasm-unsafe-eval'\`; GrowthBook and ConfigCat need neither.

## The requests over the slow link

${requests.join("\n\n")}

## The run

${contenders
  .filter(({ package: name }) => name)
  .map((one) => `- ${labelOf(one)}`)
  .join("\n")}
- canary-runtime ${contender(own).version}, as built by \`make build\`
- Chromium ${versions.chromium}, Node.js ${versions.node}, Linux ${machine.kernel}
- ${machine.cpu}, ${machine.cores} cores, ${memory}; load average ${load.map((value) => value.toFixed(1)).join(" before and ")} after the run
- ${Math.round(seconds / 60)} minutes

\`target/bench/peers.json\` has every single load.
`;
}

/** @param {string} folder relative to the repository, in which scripts/bench runs this */
export function writeReport(run, folder) {
  writeFileSync(`${folder}/bench.md`, page(run));
  writeFileSync(`${folder}/bench.svg`, plot(run));
  console.log(`bench: wrote ${folder}/bench.md and ${folder}/bench.svg`);
}
