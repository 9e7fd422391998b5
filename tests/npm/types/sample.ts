// Read by `tsc --strict` alone: each line that must not compile says so.
import { canary } from "canary-runtime";
import type { Canary, CanaryEvents, Decision, EvaluationDetails, Exposure, Fault, FlagValue, JsonValue } from "canary-runtime";
import { canary as runtime } from "canary-runtime/runtime";

const decision: Decision = await canary.ready;
const arm: "canary" | "stable" = decision.variant;
const bucket: number | null = decision.bucket;
// @ts-expect-error a decision is not the page's to change
decision.variant = "canary";

const isOn: boolean = canary.getBooleanValue("new-checkout", false);
const ranking: "v1" | "v2" = canary.getStringValue<"v1" | "v2">("search-ranking", "v1");
let anyRanking = canary.getStringValue("search-ranking", "v1");
anyRanking = "any text, not the default's alone";
let step = canary.getNumberDetails("step", 1).value;
step = 2;
const size: number = canary.getNumberValue("page-size", 20);
const theme: { accent: string } = canary.getObjectValue("theme", { accent: "#00f" });
const list: JsonValue = canary.getObjectValue<JsonValue>("list", []);
const details: EvaluationDetails<number> = canary.getNumberDetails("page-size", 20);
const words: [string, string | null, boolean | undefined] = [details.reason, details.variant, details.flagMetadata.override];
if (details.errorCode === "TYPE_MISMATCH") details.errorCode satisfies string;
// @ts-expect-error no such code
details.errorCode === "TYPO";
// @ts-expect-error the default is no boolean
canary.getBooleanValue("new-checkout", "yes");
// @ts-expect-error a value is no text
const wrong: string = canary.getNumberValue("page-size", 20);
// @ts-expect-error a function is nothing that JSON can hold
canary.getObjectValue("theme", () => {});
// @ts-expect-error without a default
canary.getStringDetails("search-ranking");

const other: boolean = canary.evaluate("new-checkout", false, { targetingKey: "user-7", attributes: { plan: "pro" } });
const any: FlagValue | undefined = canary.evaluate("new-checkout", null);
// @ts-expect-error attributes have a member of their own
canary.evaluate("new-checkout", false, { plan: "pro" });
// @ts-expect-error a key is a text
canary.evaluate("new-checkout", false, { targetingKey: 7 });

canary.identify("user-42", { plan: "pro", since: new Date(0), nested: { list: [1, null] } });
canary.identify(null);
canary.identify();
// @ts-expect-error a user id is a text
canary.identify(42);

const off: () => void = canary.on("configurationChanged", ({ flagsChanged }) => flagsChanged.map((key) => key.length));
canary.on("exposure", ({ flagKey, value, variant, reason, bucket }: Exposure) => [flagKey, value, variant, reason, bucket + 1]);
canary.on("error", ({ code, message }: Fault) => code + message);
canary.on("stale", (fault) => fault.code);
canary.on("ready", (decision) => decision.cohort);
canary.on("fallback", (decision) => decision.cohort);
canary.on("superseded", (decision) => decision.cohort);
const types: (keyof CanaryEvents)[] = ["ready", "error", "stale", "configurationChanged", "exposure", "fallback", "superseded"];
// @ts-expect-error no such event
canary.on("changed", () => {});
// @ts-expect-error not what that event tells
canary.on("stale", ({ flagsChanged }) => flagsChanged);
off();

canary.setOverride("new-checkout", true);
canary.setOverride("theme", { accent: "#f00", sizes: [1, 2] });
// @ts-expect-error nothing that JSON can hold
canary.setOverride("new-checkout", undefined);
canary.clearOverrides();
canary.setConsent(true);
// @ts-expect-error an answer is yes or no
canary.setConsent("yes");
canary.started();
canary.stop();

document.addEventListener("canary:ready", ({ detail }) => detail.eligible);
const same: Canary = runtime;
// @ts-expect-error there is one
canary = runtime;
export { arm, bucket, anyRanking, step, isOn, ranking, size, theme, list, words, other, any, types, same, wrong };
