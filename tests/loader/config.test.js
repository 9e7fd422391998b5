/** Tests of the request for the config. */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { useBrowser } from "./browser.js";
import { fetchConfig } from "../../loader/boot/config.js";

const url = "https://shop.example/config/canary.json";
const date = "Sun, 01 Mar 2026 12:00:00 GMT";
const { signal } = new AbortController();
let requests;

beforeEach(() => (requests = []));

/** Answers requests with this body, or with a body that is made when it is read. */
function reply(body, { status = 200, ...headers } = {}) {
  globalThis.fetch = async (address, options) => {
    requests.push([String(address), options]);
    return new Response(body, { status, headers });
  };
}

test("a reply has its bytes, its arrival, and its own time from Date and Age", async () => {
  const browser = useBrowser();
  reply("{}", { date, age: "90", "cache-control": "no-store" });
  const { bytes, at, now } = await fetchConfig(url, signal);
  assert.equal(new TextDecoder().decode(bytes), "{}");
  assert.equal(at, browser.now);
  assert.equal(now, Date.parse(date) + 90_000);
  assert.deepEqual(requests, [[url, { mode: "no-cors", credentials: "include", signal }]]);
});

test("a config that caches may keep is requested again, past them", async () => {
  useBrowser();
  for (const cacheControl of ["max-age=60", "no-cache"]) {
    requests = [];
    reply("{}", { date, "cache-control": cacheControl });
    await fetchConfig(url, signal);
    assert.deepEqual(requests.at(-1), [url, { cache: "no-store", signal }]);
    assert.equal(requests.length, 2);
  }
  reply("{}", { date, "cache-control": "private, No-Store" });
  await fetchConfig(url, signal);
  assert.equal(requests.length, 3);
});

test("a reply without Age is as old as its Date, one without Date has no time", async () => {
  useBrowser();
  reply("{}", { date });
  assert.equal((await fetchConfig(url, signal)).now, Date.parse(date));
  reply("{}", { age: "90" });
  assert.equal((await fetchConfig(url, signal)).now, NaN);
});

test("an error status is E101", async () => {
  useBrowser();
  for (const status of [403, 404, 500]) {
    reply("{}", { status });
    await assert.rejects(fetchConfig(url, signal), (fault) => fault === `E101 ${url} answered ${status}`);
  }
});

test("a network failure is E102, while the body arrives as well", async () => {
  useBrowser();
  const isUnreadable = (fault) => fault === `E102 ${url} could not be read`;
  globalThis.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  await assert.rejects(fetchConfig(url, signal), isUnreadable);
  reply(new ReadableStream({ pull: (controller) => controller.error(new TypeError("reset")) }));
  await assert.rejects(fetchConfig(url, signal), isUnreadable);
});

test("an address on another origin is E102 without a request", async () => {
  useBrowser();
  reply("{}");
  await assert.rejects(fetchConfig("", signal), (fault) => fault === "E102 data-config is no address on this origin");
  assert.deepEqual(requests, []);
});

test("a body of 1 MiB is read, in however many chunks", async () => {
  useBrowser();
  const chunks = [1_048_575, 1].map((size) => new Uint8Array(size).fill(32));
  reply(
    new ReadableStream({
      pull(controller) {
        if (chunks.length) controller.enqueue(chunks.shift());
        else controller.close();
      },
    }),
    { "cache-control": "no-store" },
  );
  assert.equal((await fetchConfig(url, signal)).bytes.length, 1_048_576);
});

test("a larger body is E106, and is read no further", async () => {
  useBrowser();
  let sent = 0;
  let isCanceled = false;
  reply(
    new ReadableStream({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(524_288));
      },
      cancel: () => void (isCanceled = true),
    }),
    { "cache-control": "no-store" },
  );
  await assert.rejects(fetchConfig(url, signal), (fault) => fault === `E106 ${url} is larger than 1 MiB`);
  assert.ok(isCanceled && sent <= 5, `${isCanceled} ${sent}`);
});

const controlled = { serviceWorker: { controller: {} } };

test("a service worker has no reply for the address that is requested", async () => {
  useBrowser(controlled);
  reply("{}", { date, "cache-control": "no-store" });
  for (const [address, start] of [
    [url, `${url}?0.`],
    [`${url}?a=b`, `${url}?a=b&0.`],
  ]) {
    await fetchConfig(address, signal);
    await fetchConfig(address, signal);
    const [first, second] = requests.splice(0).map(([address]) => address);
    assert.ok(first.startsWith(start) && first !== second, first);
  }
});

test("a reply that is older than the newest one is E412 where a service worker controls the page, and only there", async () => {
  const isOld = (fault) => fault === `E412 ${url} is an old answer, of a service worker`;
  const newest = (minutesAhead) => ({ now: Date.parse(date) + minutesAhead * 60_000 });
  for (const [headers, kept, minutesSince, isRefused] of [
    [{ date }, newest(9), 0, false],
    [{ date }, newest(11), 0, true],
    // Time has gone on since the newest reply.
    [{ date }, newest(6), 5, true],
    // Nothing can be told of the first reply, and of one whose date a proxy has dropped.
    [{ date }, undefined, 600, false],
    [{}, newest(11), 0, false],
  ]) {
    for (const [options, isControlled] of [
      [controlled, true],
      [{}, false],
    ]) {
      const browser = useBrowser(options);
      // Whatever the user's clock says.
      browser.now = 5e12;
      if (kept) localStorage.setItem("canary_good", JSON.stringify({ ...kept, at: browser.now }));
      browser.now += minutesSince * 60_000;
      reply("{}", headers);
      if (isControlled && isRefused) await assert.rejects(fetchConfig(url, signal), isOld);
      else await fetchConfig(url, signal);
    }
  }
});
