/** What is found in a config once the bundle is inserted: malformed flags, notices, and overrides that are ignored. */
import { log } from "../util/log.js";

const flagsAtOnce = 500; // a few milliseconds

/** Resolves when the browser has nothing else to do. @returns {Promise<void>} */
const idle = () => new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(() => resolve()));

/**
 * Logs what is wrong with a config that is in use. The words for it are loaded only if there is something.
 *
 * @param {PageState} page
 * @param {ConfigReply | undefined} reply
 * @param {EngineAnswer} answer
 */
export async function reportFindings(page, reply, { hasNotices }) {
  if (!page.engine || !reply) return;
  await idle();
  const config = page.engine?.config();
  const ignored = config && page.overrides?.notice(config);
  if (ignored) log(ignored);
  let isFound = hasNotices;
  const keys = Object.keys(config?.FEATURE_FLAGS ?? {});
  for (let at = 0; at < keys.length && !isFound; at += flagsAtOnce) {
    await idle();
    if (page.engine?.config() !== config) return; // a refresh came in between
    isFound = !!page.flags?.call((engine) => engine.hasMalformed(keys.slice(at, at + flagsAtOnce)));
  }
  if (!isFound) return;
  const { notices } = await page.describeConfig(reply);
  for (const notice of notices) log(notice);
}
