/** Chromium by its DevTools protocol, over a pipe. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** As the browser tests start it. */
const flags = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
  "--remote-debugging-pipe",
];
const timeoutMs = 30_000;

/** Commands and events of the browser or of one page. */
export class Session {
  /** @type {Set<(event: { method: string, params: any }) => void>} */
  listeners = new Set();

  constructor(browser, id) {
    this.browser = browser;
    this.id = id;
  }

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  send(method, params = {}) {
    return this.browser.send(method, params, this.id);
  }

  /** The next event of one of these names. @param {string[]} methods @returns {Promise<any>} */
  once(methods) {
    const { promise, settle } = withTimeout(methods.join(" or "));
    const listener = (event) => {
      if (!methods.includes(event.method)) return;
      this.listeners.delete(listener);
      settle(event.params);
    };
    this.listeners.add(listener);
    return promise;
  }

  /** The value of an expression, or of the promise that it returns. @param {string} expression */
  async evaluate(expression) {
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
    if (exceptionDetails) throw new Error(`${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }
}

function withTimeout(what) {
  let settle, fail;
  const promise = new Promise((resolve, reject) => ([settle, fail] = [resolve, reject]));
  const timer = setTimeout(() => fail(new Error(`no answer from Chromium within ${timeoutMs} ms: ${what}`)), timeoutMs);
  const finish = (settled) => (value) => {
    clearTimeout(timer);
    settled(value);
  };
  return { promise, settle: finish(settle), fail: finish(fail) };
}

export class Browser extends Session {
  commands = 0;
  pending = new Map();
  sessions = new Map([[undefined, this]]);
  received = [];

  /** @param {string} keyHash of the certificate to accept */
  static async start(keyHash) {
    const profile = mkdtempSync(join(tmpdir(), "canary-bench-"));
    const args = [...flags, `--user-data-dir=${profile}`, `--ignore-certificate-errors-spki-list=${keyHash}`];
    const child = spawn("chromium", args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    const browser = new Browser(child, profile);
    browser.version = (await browser.send("Browser.getVersion")).product;
    return browser;
  }

  constructor(child, profile) {
    super();
    this.browser = this;
    this.child = child;
    this.profile = profile;
    child.stdio[4].on("data", (data) => this.receive(data));
    child.on("error", (error) => this.pending.forEach(({ fail }) => fail(error)));
  }

  send(method, params, sessionId) {
    const id = ++this.commands;
    const { promise, settle, fail } = withTimeout(method);
    this.pending.set(id, { method, settle, fail });
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return promise;
  }

  /** Messages end with a null byte. */
  receive(data) {
    let begin = 0;
    for (let end; (end = data.indexOf(0, begin)) !== -1; begin = end + 1) {
      const message = Buffer.concat([...this.received, data.subarray(begin, end)]).toString();
      this.received = [];
      this.dispatch(JSON.parse(message));
    }
    if (begin < data.length) this.received.push(data.subarray(begin));
  }

  dispatch({ id, sessionId, method, params, result, error }) {
    if (id === undefined) {
      for (const listener of [...(this.sessions.get(sessionId)?.listeners ?? [])]) listener({ method, params });
      return;
    }
    const { method: asked, settle, fail } = this.pending.get(id);
    this.pending.delete(id);
    if (error) fail(new Error(`${asked}: ${error.message}`));
    else settle(result);
  }

  /** A page without cookies, storage and cache; `close` removes it. */
  async newPage() {
    const { browserContextId } = await this.send("Target.createBrowserContext", {});
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Session(this, sessionId);
    this.sessions.set(sessionId, page);
    page.close = async () => {
      this.sessions.delete(sessionId);
      await this.send("Target.disposeBrowserContext", { browserContextId });
    };
    return page;
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.send("Browser.close", {}).catch(() => {});
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
