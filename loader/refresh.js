import init, { fetch } from "refresh-glue";
import { tell } from "./console.js";

/* global REFRESH_WASM -- the hashed name, set by the build */

let module;

/**
 * A config after the boot, by a wasm module of its own: nobody waits for either. Flags follow the new config, the
 * bundle of this page stays.
 */
export async function refresh(url, view) {
  await (module ??= init({ module_or_path: new URL(REFRESH_WASM, import.meta.url) }));
  const reply = await fetch(url);
  const { decision, fault, notices } = view.decide(reply.take(), reply.now);
  reply.free();
  if (fault) throw fault;
  for (const notice of notices) tell(notice);

  const wasStale = view.isStale;
  view.isStale = false;
  view.changed(wasStale);
  if (decision.variant !== view.decision.variant) view.emit("superseded", decision);
}
