/** Types that the loader's files share, and names that scripts/pack defines. Nothing here reaches a browser. */

type Decision = import("./npm/canary.js").Decision;
type Reason = import("./npm/canary.js").Reason;
type ErrorCode = import("./npm/canary.js").ErrorCode;
type EvaluationContext = import("./npm/canary.js").EvaluationContext;
type Attributes = import("./npm/canary.js").Attributes;
type Fault = import("./npm/canary.js").Fault;
type Canary = import("./npm/canary.js").Canary;
type Arm = Decision["variant"];

/** Attributes of the script tag, and the bundles that the page names itself. */
interface Settings {
  /** Address of the config; empty where `data-config` is on another origin. */
  config: string;
  /** Empty where the page does not know its user. */
  userId: string;
  /** Rules for the canary's files, `entry:NAME`, `integrity` and `base:PATH`, and other origins that may serve them. */
  origins: string;
  attributes: Attributes | undefined;
  budgetMs: number;
  holdMs: number;
  /** Interval of refreshes; 0 for none. */
  refreshSeconds: number;
  /** A canary's files may take so long to arrive. */
  arrivalMs: number;
  /** Selector of the app's element. */
  root: string;
  /** Whether no device id may be stored. */
  private: boolean;
  nonce: string;
  stable: Bundle;
  /** The canary where the config describes none. */
  canary: Bundle;
}

interface Bundle {
  version?: string;
  scripts: BundleScript[];
  styles?: BundleLink[];
  preload?: BundleLink[];
}
interface BundleScript {
  src: string;
  type?: "module" | "classic";
  integrity?: string;
}
interface BundleLink {
  href: string;
  integrity?: string;
  as?: string;
}

/** A config as it was received. Times are in milliseconds since 1970. */
interface ConfigReply {
  bytes: Uint8Array;
  /** The reply's own time, `Date` plus `Age`; NaN without a `Date`. */
  now: number;
  /** The time of arrival by this browser's clock. */
  at?: number;
}

/** The engine's answer to a config. */
interface EngineAnswer {
  decision: Decision;
  /** The code of the fault for which the config is refused. */
  code?: string;
  bundle?: Bundle;
  /** Whether the page has an entry that `ASSETS.entries` does not have. */
  lacksEntry?: boolean;
  /** Why a canary cannot be loaded. */
  fault?: string | undefined;
  /** The canary's version, or else the salt that a version is made of. */
  version?: string;
  salt?: string;
  guard?: { readyTimeoutMs?: number; readyWhen?: "loaded" | "started" };
  /** Whether the config has flags. */
  flags?: boolean;
  /** `TELEMETRY`, if this page view sends reports. */
  telemetry?: { endpoint?: string; cohorts?: "all" | "balanced"; horizonSeconds?: number } | undefined;
  /** Whether parts of the config count as absent. */
  hasNotices?: boolean | undefined;
}

/** The basis of a page view: the engine's answer, and where it comes from. */
interface Answer extends EngineAnswer {
  /** The fault for which the requested config did not decide: `E101 message`, or a code that the lifecycle script explains. */
  fault?: string | undefined;
  /** The config that was decided by. */
  reply?: ConfigReply;
  /** The config that the engine refused. */
  refused?: ConfigReply;
  isLastKnownGood?: boolean;
}

/** The user of this page view as the engine knows them. */
interface Visitor {
  /** Empty for anonymous visitors. */
  targetingKey: string;
  attributes?: Attributes | undefined;
  kind: "identified" | "bot" | "anonymous";
}

/** A flag that the engine has been given. */
interface CompiledFlag {
  /** The engine's number for it. */
  index: number;
  key: string;
  definition: any;
  /** The names of its variants. */
  variants: string[];
  /** Its values by the engine's numbers. */
  values: any[];
  isMalformed: boolean;
}

/** The engine, with the visitor that it was started for. Every method but `newDeviceId` throws where the engine traps. */
interface Engine {
  visitor: Visitor;
  newDeviceId(): string;
  /** Follows a config from now on, unless it is refused with a code. */
  load(reply: ConfigReply, origins: string): { code?: string; hasNotices?: boolean };
  /** Sets one of the contexts that flags are evaluated for. Returns whether JSON can hold the attributes. */
  setContext(context: number, targetingKey: string, attributes: object): boolean;
  /** Decides on the device. `isHeld` keeps it on stable. */
  decide(visitor: Visitor["kind"], arm: string | undefined, isHeld: boolean, tokenLevel?: number): EngineAnswer;
  /** Evaluates a flag for a context, with another targeting key where one is given. Null where the config has no such flag. */
  evaluate(flagKey: string, context: number, now: number, targetingKey?: string): FlagAnswer | null;
  /** Replaces all overrides of flags. */
  setOverrides(overrides: ReadonlyMap<string, unknown>): void;
  isMalformed(flagKey: string): boolean;
  /** Whether one of these flags of the config is malformed. */
  hasMalformed(flagKeys: string[]): boolean;
  /** The present config, undefined before the first one. */
  config(): any;
  /** The canary's share in buckets. */
  percentage(): number;
}

/** State that earlier page views left in this browser. */
interface VisitorState {
  /** Whether this page view is the reload to stable that a failed canary caused. */
  isFallbackReload: boolean;
  /** Whether the page view before had the canary. */
  hadCanary: boolean;
  /** Never loads this canary version again. Returns whether that is stored. */
  quarantine(version: string): boolean;
  /** Stores the arm that a config gives this browser, and begins a hold where another config gave it the canary. */
  recordArm(arm: Arm, by: number): void;
  /** Decides, and decides again as held where a hold or a quarantine keeps this browser on stable. Adds the version. */
  decideWithHold(decide: (isHeld: boolean) => EngineAnswer): EngineAnswer;
}

/** Overrides by the person who opens the page. */
interface Overrides {
  arm: string | undefined;
  /** The flags that the address overrides, as far as the config allows it and they declare the value. */
  flags(config: any): [string, unknown][];
  /** 0 for no token that the config lists, 1 for one, 2 for one that holds for a canary that is off. */
  tokenLevel(config: any): 0 | 1 | 2;
  /** Whether the arm is asked for. */
  isUsed(config: any): boolean;
  /** Drops the override of one flag, or of all. */
  clear(flagKey?: string): void;
  /** The line for an override that is ignored. */
  notice(config: any): string | false;
}

interface PageState {
  on: Canary["on"];
  emit(type: string, detail: unknown): void;
  /** When the runtime started, by `performance.now()`. */
  startedAt: number;
  /** Whether the page has the inline guard. */
  hasGuard: boolean;
  /** Whether the runtime inserts the bundle, and not the guard. */
  hasLatch: boolean;
  /** Resolves with the decision. */
  ready: Promise<Decision>;
  /** Resolves when the bundle calls `started()`. */
  whenBundleStarted: Promise<void>;
  settings: Settings;
  visitorState: VisitorState;
  /** Null before it has started, and after it trapped. */
  engine: Engine | null;
  visitor: Visitor;
  /** Overrides in the address, and the token of a QA link, on page views that have one. */
  overrides?: Overrides;
  answer: Answer;
  /** The decision that the page gets. It differs from the answer's where a part of the runtime was late. */
  decision: Decision;
  flags: FlagClient | null;
  /** The reason for the lack of flags. */
  flagErrorCode: ErrorCode;
  /** Messages for codes, once the lifecycle script has brought them. */
  messages: Record<string, string>;
  /** Whether the last request for a config failed. */
  isStale: boolean;
  /** Whether flags follow the last known good config. */
  isLastKnownGood: boolean;
  /** Decides by a config, which the engine follows from now on unless it is refused. Throws a code where the engine traps. */
  decideBy(reply: ConfigReply): EngineAnswer;
  /** Loads the check of regular expressions where a config has one. Resolves with the reply; rejects with a fault. */
  loadPatterns(reply: ConfigReply): Promise<ConfigReply>;
  /** Describes what is wrong with a config. */
  describeConfig(reply: ConfigReply): Promise<ConfigFindings>;
  /** Logs what is wrong with a config that is in use. */
  reportFindings(reply: ConfigReply | undefined, answer: EngineAnswer): void;
  /** The reports of this page view, for the panel. */
  reports?: SentReport[];
  /** Tells the panel that flags may have changed. */
  updatePanel?: (() => void) | undefined;

  began(settings: Settings, visitorState: VisitorState): void;
  engineStarted(engine: Engine): void;
  engineDropped(): void;
  consentWithdrawn(): void;
  answered(answer: Answer): void;
  decided(decision: Decision, fault?: string): void;
  bundleStarted(): void;
  flagsLoaded(flags: FlagClient): void;
  configRefreshed(): void;
  refreshFailed(): void;

  /** Runs an action with the flags, as soon as they are there. */
  withFlags(action: (flags: FlagClient) => void): void;
  /** Logs a fault and its consequence, and emits an event of that type. */
  report(fault: string, consequence: string, eventType?: "error" | "stale"): void;
  /** Runs a cleanup when the page stops the runtime, or now if it has. */
  onStop(cleanup: () => void): void;
  stop(): void;
}

/** The engine's answer for a flag. */
interface FlagAnswer {
  value: any;
  /** Null for flags without variants. */
  variant: string | null;
  reason: Reason;
  errorCode?: ErrorCode | undefined;
  /** Only where the visitor was bucketed. */
  bucket?: number | undefined;
  override?: boolean;
  isExposed?: boolean;
}

/** Findings of the engine in a config: console lines, and a fault if it refuses the config. */
interface ConfigFindings {
  fault?: string;
  notices: string[];
}

/** The present config, for the panel; without members before the first one. */
interface ConfigSummary {
  /** Whether the address can override. */
  query?: boolean;
  /** The canary's share in buckets. */
  percentage?: number;
  revision?: number | null;
  salt?: string;
  /** The user whom flags are evaluated for. */
  targetingKey?: string;
  keys?: string[];
  overridden?: string[];
}

interface FlagClient {
  /** Follows the engine, which has a new config. */
  configLoaded(reply: ConfigReply): void;
  /** Calls the engine. One that traps is dropped, and not entered again. */
  call<T>(action: (engine: Engine) => T): T | null | undefined;
  /** All overrides, those of the address below those of the page. */
  overrides(): Map<string, unknown>;
  pageOverrides: Map<string, unknown>;
  /** Follows the overrides, which have changed. */
  overridesChanged(): void;
  /** The user whom flags are evaluated for. */
  targetingKey(): string;
  /** Evaluates a flag without an exposure. */
  inspect(flagKey: string): FlagAnswer;
  /** Emits which flags that the page has read have another value now; always where a config is new after a fault. */
  changed(isConfigNew?: boolean): void;
  details(type: string, flagKey: string, defaultValue: any): import("./npm/canary.js").EvaluationDetails<any>;
  value(type: string, flagKey: string, defaultValue: any): any;
  evaluate(flagKey: string, context: EvaluationContext | undefined, defaultValue: unknown): any;
  identify(userId?: string | null, attributes?: Attributes): void;
  setOverride(flagKey: string, value: unknown): void;
  clearOverrides(): void;
}

/** The fault of a bundle that did not come up. */
interface StartFailure {
  fault: string;
  /** The file that did not load. */
  address?: string;
  /** Whether any code of the bundle may have run. */
  hasRun?: boolean;
}

/** Facts that a transition can depend on. */
interface Facts {
  /** Whether any code of the canary may have run. */
  hasRun?: boolean | undefined;
  /** Whether the user has clicked or typed into the app. */
  isTouched?: boolean;
  /** Whether the page shows nothing. */
  isBlank?: boolean;
}

interface Lifecycle {
  /** Sends an event to the state machine. Returns the state that follows. */
  send(event: string, facts?: Facts): string;
}

interface LifecycleScript {
  decideByLastKnownGood(page: PageState, deadline: Promise<never>): Promise<Answer | undefined>;
  createLifecycle(parts: {
    page: PageState;
    decision: Decision;
    bundles: Record<Arm, Bundle>;
    pendingCodes: string[];
    append: Append;
  }): Lifecycle;
}

/** Appends an element to the head. */
type Append = (tag: string, properties: Record<string, any>) => HTMLElement;

/** Appends an element; resolves when it is loaded, and rejects with its address. */
type AddElement = (tag: string, address: string, properties: object) => Promise<unknown>;

/** Listens on the window until the function that it returns is called, or the page stops the runtime. */
type Listen = (type: string, listener: (event: any) => void) => () => void;

type StorageArea = "localStorage" | "sessionStorage";

interface LogBuffer {
  lines: { at: number; text: string }[];
  onChange?: () => void;
}

interface FlagVariant {
  name: string;
  value: any;
}

interface Navigator {
  readonly globalPrivacyControl?: boolean;
}

declare const ENGINE_SHA256: string;
declare const ENGINE_WASM: string;
declare const DIAGNOSTICS_JS: string;
declare const DIAGNOSTICS_WASM: string;
declare const LIFECYCLE_JS: string;
declare const LIFECYCLE_SHA256: string;
declare const OVERRIDES_JS: string;
declare const PANEL_JS: string;
declare const PATTERNS_JS: string;
declare const REFRESH_JS: string;
declare const REFRESH_WASM: string;
declare const VITALS_JS: string;
/** False in canary.js, whose size delays the bundle. */
declare const HAS_LOG_BUFFER: boolean;

/** The functions of `Engine` in src/engine, as the module exports them: a boolean is 1 or 0. */
interface EngineExports {
  memory: WebAssembly.Memory;
  reserve(numbers: number, bytes: number): void;
  nodes(): number;
  text(): number;
  key(): number;
  load(responseTime: number): number;
  setContext(index: number, keyLength: number): number;
  decide(visitor: number, arm: number, isHeld: boolean, tokenLevel?: number): number;
  addFlag(requiredCount: number): void;
  checkFlag(): number;
  link(): void;
  isMalformed(index: number): number;
  setOverride(index: number): void;
  clearOverrides(): void;
  evaluate(index: number, context: number, keyLength: number, now: number): number;
  bucket(): number;
  variant(): number;
  percentage(): number;
}
declare module "engine-glue" {
  export function getImports(): WebAssembly.Imports;
  export function finalizeInit(instance: WebAssembly.Instance): EngineExports;
}
declare module "patterns-glue" {
  export default function init(options: { module_or_path: BufferSource }): Promise<unknown>;
  export function isPortable(pattern: Uint8Array): boolean;
}
declare module "patterns-wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
declare module "diagnostics-glue" {
  export default function init(options: { module_or_path: URL }): Promise<unknown>;
  export function describe(config: Uint8Array, responseTime: number, origins: Uint8Array): Uint8Array;
}
declare module "refresh-glue" {
  export default function init(options: { module_or_path: URL }): Promise<unknown>;
  export function fetch(url: string): Promise<{ now: number; take(): Uint8Array; free(): void }>;
}
declare module "panel-style" {
  const style: string;
  export default style;
}
