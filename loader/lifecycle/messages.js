/** What codes mean, for those that the boot tells by their number alone. */
export const words = {
  E116: "this browser's clock is off by more than a day; the page is not counted",
  E201: "the module that decides could not be fetched",
  E202: "the module that decides is damaged",
  E203: "this browser has no WebAssembly",
  E204: "WebAssembly is blocked: script-src needs 'wasm-unsafe-eval'",
  E205: "the module failed",
  E206: "the module that decides is from another build",
  E301: "neither a cookie nor localStorage keeps an id; stable loads",
  E302: "this browser's storage takes nothing; this page goes on",
  E303: "what this browser remembered was damaged; it is made anew",
  E304: "the last good config failed; it is deleted",
  E307: "the script is included twice; it runs once",
  E405: "the canary stopped its page the last time; this browser leaves that version alone",
  I114: "the config takes this browser to stable, and a short hold keeps it there",
  I306: "another tab was quicker with an id; it holds",
};
