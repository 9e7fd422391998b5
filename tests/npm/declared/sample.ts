// Read beside the declarations that `canaryctl types` prints: each line that must not compile says so.
import { canary } from "canary-runtime";
import { installFakeCanary } from "canary-runtime/testing";
import { CanaryBoundary, useCanary, useFlag } from "canary-runtime/react";
import { decision, flag } from "canary-runtime/svelte";
import canaryPlugin from "canary-runtime/vite";
import { injectBuild } from "canary-runtime/build";
import { useFlag as useRef } from "canary-runtime/vue";
import type { Plugin } from "vite";

const isOn: boolean = canary.getBooleanValue("new-checkout", false);
const ranking: "v1" | "v2" = canary.getStringValue<"v1" | "v2">("search-ranking", "v1");
const theme: { accent: string } = canary.evaluate("theme", { accent: "#00f" });
const any = canary.evaluate("mixed", null);
canary.getStringValue("mixed", "d");
canary.getBooleanValue("mixed", false);
// @ts-expect-error the config has no such flag
canary.getBooleanValue("new-chekout", false);
// @ts-expect-error the flag has another type
canary.getBooleanValue("search-ranking", false);
// @ts-expect-error the flag has another type
canary.getObjectDetails("new-checkout", {});
// @ts-expect-error the config has no such flag
canary.evaluate("new-chekout", false);
// @ts-expect-error the flag has another type
canary.evaluate("theme", "dark");
// @ts-expect-error the config has no such flag
canary.setOverride("new-chekout", true);

const hook: string = useFlag("search-ranking", "v1");
const object: { accent: string } = useFlag("theme", { accent: "#00f" });
const arm: "canary" | "stable" | undefined = useCanary()?.variant;
// @ts-expect-error the config has no such flag
useFlag("new-chekout", false);
const boundary = new CanaryBoundary({ fallback: "one moment" });
const ref: boolean = useRef("new-checkout", false).value;
// @ts-expect-error the flag has another type
useRef("new-checkout", "text");
flag("new-checkout", false).subscribe((value: boolean) => value);
decision.subscribe((value) => value?.bucket);
// @ts-expect-error the config has no such flag
flag("new-chekout", false);

const fake = installFakeCanary({ flags: { "new-checkout": true }, decision: { variant: "canary" } });
fake.setFlags({ "search-ranking": "v2" });
// @ts-expect-error the config has no such flag
fake.setFlags({ "new-chekout": true });

const plugin: Plugin = canaryPlugin({ config: "cm.yaml", data: { refresh: 60 } });
// @ts-expect-error no such option
canaryPlugin({ canaryCtl: "" });
const built = injectBuild({ dir: "dist" });
const sources: string[] = [...built.scriptSrc, ...built.styleSrc];
export { isOn, ranking, theme, any, hook, object, arm, boundary, ref, plugin, sources };
