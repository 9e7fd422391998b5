import init, { fetch } from "refresh-glue";
import { tell } from "../util/log.js";
import { pass, refuseOld } from "../boot/worker.js";

/* global REFRESH_WASM -- the hashed name, set by the build */

let module;

/**
 * A config after the boot, by a wasm module of its own: nobody waits for either. Flags follow the new config, the
 * bundle of this page stays.
 */
export async function refresh(url, view) {
  await (module ??= init({ module_or_path: new URL(REFRESH_WASM, import.meta.url) }));
  const reply = await fetch(pass(url));
  const { now } = reply;
  const bytes = reply.take();
  reply.free();
  refuseOld(url, now);
  const answer = view.flags.decide({ bytes, now });
  if (!answer) return view.flags.changed(); // the module failed, and has said so
  const { decision, code } = answer;
  const { fault, notices } = view.flags.take({ bytes, now });
  if (code) throw fault ?? `${code} the config is refused`;
  for (const notice of notices) tell(notice);

  const wasStale = view.isStale;
  view.isStale = view.answer.isGood = false;
  view.flags.changed(wasStale);
  if (decision.variant !== view.decision.variant) view.emit("superseded", decision);
}
