/** Messages for the codes that canary.js logs by their number, so that the texts do not delay the bundle. */

/** @type {Record<string, string>} */
export const messages = {
  E113: "the page requires integrity or a folder for the canary, and ASSETS does not name one",
  E119: "ASSETS.entries has no bundle for the data-entry of this page",
  E116: "this browser's clock is off by more than a day; the page is not counted",
  E201: "the engine could not be fetched",
  E202: "the engine is damaged",
  E203: "this browser has no WebAssembly",
  E204: "WebAssembly is blocked: script-src needs 'wasm-unsafe-eval'",
  E205: "the engine failed",
  E206: "the engine is from another build",
  E301: "neither a cookie nor localStorage keeps an id; stable loads",
  E302: "this browser's storage takes nothing; this page goes on",
  E303: "what this browser remembered was damaged; it is made anew",
  E304: "the last good config failed; it is deleted",
  E307: "the script is included twice; it runs once",
  E405: "the last page view with this canary never finished its start; this browser does not load that version again",
  I114: "the config moves this browser from canary to stable; a short hold keeps it there",
  I306: "another tab made an id first; that one is used",
};
