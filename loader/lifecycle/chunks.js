import { inWords } from "../util/thrown.js";

const lostChunk = /dynamically imported module|importing a module script|chunkloaderror|loading chunk/i;

/** Calls `lost`, once, where a part of the app is gone that it asks for late: after a roll-back or a deployment. */
export function watchChunks({ listen }, lost) {
  const tell = (what) => {
    for (const leave of leaves) leave();
    lost(`a part of the app is gone: ${inWords(what)}`);
  };
  const leaves = [
    listen("vite:preloadError", ({ payload }) => tell(payload)),
    listen("unhandledrejection", ({ reason }) => {
      if (lostChunk.test(`${inWords(reason, "name")} ${inWords(reason)}`)) tell(reason);
    }),
  ];
}
