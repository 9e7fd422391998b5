//! The faults of a page view.

use super::app::App;
use canary_e2e::fault_server::{Plan, Reply};
use canary_e2e::fault_site::bundle;
use std::time::Duration;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) target: Target,
    pub(crate) how: How,
}

/// The request that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Config,
    /// The module that decides.
    Engine,
    Lifecycle,
    Diagnostics,
    DiagnosticsModule,
    /// `canary.js` itself.
    Runtime,
    Canary,
    Stable,
    /// A script of stable that the app can do without, which ad blockers stop.
    Optional,
}

/// The way in which it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Missing,
    Error,
    Reset,
    Cut,
    Hang,
    HangInside,
    Trickle,
    Html,
    Empty,
    /// A script with a syntax error, or a module with invalid bytes.
    Damaged,
    /// A valid module with other exports.
    Other,
    /// Delayed by so many milliseconds.
    Late(u64),
    /// Missing for so many requests.
    MissingFirst(usize),
    BadJson,
    /// A config with an invalid percentage.
    Rejected,
    /// A config with 0 %.
    Zero,
    Expired,
    Deep,
    Bomb,
    Throws,
    ThrowsAfterDrawing,
    /// It rejects a promise and draws nothing.
    Rejects,
    /// It awaits forever.
    Waits,
    WaitsAfterDrawing,
    /// It draws, is up, and then empties the page with an error.
    Crashes,
    /// It draws and reloads its page, which no runtime can prevent: for the negative control.
    Reloads,
    /// It is the other app's: for the negative control.
    Foreign,
    /// It is up and draws nothing: for the negative control.
    Silent,
}

impl Target {
    pub(crate) const ALL: [Self; 9] = [
        Self::Config,
        Self::Engine,
        Self::Lifecycle,
        Self::Diagnostics,
        Self::DiagnosticsModule,
        Self::Runtime,
        Self::Canary,
        Self::Stable,
        Self::Optional,
    ];

    fn path(self, app: App) -> &'static str {
        match self {
            Self::Config => app.config(),
            Self::Engine => "/runtime/canary_*.wasm",
            Self::Lifecycle => "/runtime/lifecycle_*.js",
            Self::Diagnostics => "/runtime/diagnostics_*.js",
            Self::DiagnosticsModule => "/runtime/diagnostics_*.wasm",
            Self::Runtime => "/runtime/canary.js",
            Self::Canary => app.canary(),
            Self::Stable => app.stable(),
            Self::Optional => app.optional(),
        }
    }

    /// The ways in which it can fail. A stable that hangs, and a bundle that draws nothing, are left to the page.
    pub(crate) fn hows(self) -> &'static [How] {
        use How::*;
        match self {
            Self::Config => &[
                Missing,
                Error,
                Reset,
                Cut,
                Hang,
                HangInside,
                Trickle,
                Html,
                Empty,
                Late(100),
                Late(400),
                Late(1200),
                BadJson,
                Rejected,
                Zero,
                Expired,
                Deep,
                Bomb,
            ],
            Self::Engine | Self::DiagnosticsModule => &[
                Missing,
                Error,
                Reset,
                Hang,
                HangInside,
                Html,
                Empty,
                Damaged,
                Other,
                Late(100),
                Late(400),
                Late(1200),
            ],
            Self::Lifecycle | Self::Diagnostics | Self::Runtime => {
                &[Missing, Error, Reset, Hang, HangInside, Html, Empty, Damaged, Late(100), Late(400), Late(1200)]
            }
            Self::Canary => &[
                Missing,
                Error,
                Reset,
                Hang,
                HangInside,
                Html,
                Damaged,
                Late(100),
                Late(400),
                Late(1200),
                Throws,
                ThrowsAfterDrawing,
                Rejects,
                Waits,
                WaitsAfterDrawing,
                Crashes,
            ],
            Self::Stable => &[
                Missing,
                Error,
                Reset,
                Html,
                Damaged,
                Late(400),
                MissingFirst(1),
                MissingFirst(2),
                Throws,
                ThrowsAfterDrawing,
            ],
            Self::Optional => &[Missing, Error, Reset, Html, Damaged, Late(400), Throws],
        }
    }
}

impl Fault {
    /// Whether it keeps a connection open. A browser has six for a server.
    pub(crate) fn holds_connection(self) -> bool {
        matches!(self.how, How::Hang | How::HangInside | How::Trickle)
    }

    /// The path and its answers.
    pub(crate) fn plan(self, app: App) -> (&'static str, Plan) {
        let sound = Reply::sound;
        let script = |text: &str| sound().body(text);
        let [stable, canary] = app.markers();
        let draw = bundle(if self.target == Target::Stable { stable } else { canary });
        let path = self.target.path(app);
        let reply = match self.how {
            How::Missing => sound().status(404),
            How::Error => sound().status(500),
            How::Reset => sound().reset(),
            How::Cut => sound().cut_after(10),
            How::Hang => sound().hanging(),
            How::HangInside => sound().hanging_after(10),
            How::Trickle => sound().trickling(1, Duration::from_millis(100)),
            How::Html => sound().body("<!doctype html><title>a page</title>").header("Content-Type", "text/html"),
            How::Empty | How::Silent => script(""),
            How::Damaged if matches!(self.target, Target::Engine | Target::DiagnosticsModule) => {
                sound().body(b"\0asm\x01\0\0\0\x01\x7f\x7f")
            }
            How::Damaged => script("export const = }"),
            How::Other => sound().body(b"\0asm\x01\0\0\0"),
            How::Late(ms) => sound().delayed(Duration::from_millis(ms)),
            How::MissingFirst(count) => return (path, Plan::first(count, sound().status(404))),
            How::BadJson => script(r#"{"CANARY_PERCENTAGE": 100,"#),
            How::Rejected => script(r#"{"CANARY_PERCENTAGE": 101}"#),
            How::Zero => script(r#"{"CANARY_PERCENTAGE": 0, "SALT": "s", "FEATURE_FLAGS": {"on": true}}"#),
            How::Expired => {
                script(r#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {}, "EXPIRES_AT": "2020-01-01T00:00:00Z"}"#)
            }
            How::Deep => sound().body("[".repeat(100_000)),
            How::Bomb => sound().bomb(16),
            How::Throws => script("throw new Error('chaos')"),
            How::ThrowsAfterDrawing => sound().body(draw + "throw new Error('chaos')"),
            How::Rejects => script("Promise.reject(new Error('chaos'))"),
            How::Waits => script("await new Promise(() => {})"),
            How::WaitsAfterDrawing => sound().body(draw + "await new Promise(() => {})"),
            How::Reloads => sound().body(draw + "setTimeout(() => location.reload(), 100);"),
            How::Foreign => sound().body(bundle(app.other().markers()[0])),
            How::Crashes => {
                let crash = "setTimeout(() => { document.body.innerHTML = ''; throw new Error('chaos'); }, 300);";
                sound().body(draw + crash)
            }
        };
        (path, reply.into())
    }
}

/// The state of the browser's storage when the runtime starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Blocked,
    Full,
    Cleared,
    /// Text that is not JSON.
    Damaged,
    /// JSON of another type.
    Odd,
    Quarantined,
    Held,
    HeldForEver,
    /// A crash marker of an earlier page view.
    CrashMarker,
    Good,
    BadGood,
    /// A reload a moment ago, after which there is no other.
    Reloaded,
    Denied,
}

impl Store {
    pub(crate) const ALL: [Self; 13] = [
        Self::Blocked,
        Self::Full,
        Self::Cleared,
        Self::Damaged,
        Self::Odd,
        Self::Quarantined,
        Self::Held,
        Self::HeldForEver,
        Self::CrashMarker,
        Self::Good,
        Self::BadGood,
        Self::Reloaded,
        Self::Denied,
    ];

    /// Whether it holds for every document of a page view. Records are written once.
    pub(crate) fn lasts(self) -> bool {
        matches!(self, Self::Blocked | Self::Full)
    }

    pub(crate) fn script(self, app: App) -> String {
        let key = app.storage_key();
        let set = |name: &str, value: &str| format!("localStorage.setItem('{name}{key}', JSON.stringify({value}));");
        let version = format!("'{} s'", app.canary());
        match self {
            Self::Blocked => "
                const blocked = { get() { throw new DOMException('blocked', 'SecurityError'); } };
                for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(globalThis, name, blocked);
                Object.defineProperty(document, 'cookie', { get: () => '', set() {} });"
                .to_owned(),
            Self::Full => "
                Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
                .to_owned(),
            Self::Cleared => "
                localStorage.clear(); sessionStorage.clear(); document.cookie = 'canary_id=; Path=/; Max-Age=0';"
                .to_owned(),
            Self::Damaged => Self::each(app, "'{'") + "document.cookie = 'canary_id=%%; Path=/';",
            Self::Odd => Self::each(
                app,
                r#"['7', '[]', 'null', '{"until":"x","bad":{},"at":[],"text":7,"from":"y","arm":1}'][i % 4]"#,
            ),
            Self::Quarantined => set("canary_memory", &format!("{{ arm: 'stable', bad: {version} }}")),
            Self::Held => set("canary_memory", "{ arm: 'stable', until: Date.now() + 500 }"),
            Self::HeldForEver => set("canary_memory", "{ arm: 'stable', until: 1e18 }"),
            Self::CrashMarker => {
                set("canary_mark", &format!("{{ version: {version}, until: Date.now() - 1, tab: 0.5 }}"))
            }
            Self::Good => set("canary_good", &good(r#"{"CANARY_PERCENTAGE":100,"SALT":"s","FEATURE_FLAGS":{}}"#)),
            Self::BadGood => set("canary_good", &good(r#"{"CANARY_PERCENTAGE":"#)),
            Self::Reloaded => {
                let records = format!("{{ [{version}]: Date.now(), '{}': Date.now() }}", app.stable());
                format!("sessionStorage.setItem('canary_reload{key}', JSON.stringify({records}));")
            }
            Self::Denied => "localStorage.setItem('canary_consent', 'no');".to_owned(),
        }
    }

    fn each(app: App, value: &str) -> String {
        let key = app.storage_key();
        let names =
            format!("['canary_memory{key}', 'canary_mark{key}', 'canary_good{key}', 'canary_id', 'canary_consent']");
        format!(
            "{names}.forEach((name, i) => localStorage.setItem(name, {value})); sessionStorage.setItem('canary_reload{key}', '{{');"
        )
    }
}

fn good(text: &str) -> String {
    format!("{{ at: Date.now() - 1000, now: Date.now() - 1000, text: '{text}' }}")
}
