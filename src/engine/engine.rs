//! The engine of a page: it decides which bundle a page view gets, and evaluates flags.
//!
//! The browser parses the config, and values stay in its JavaScript. The engine gets the top-level keys at boot and each
//! flag when it is first asked for, as nodes of a [`Document`]; it answers with numbers.
#![expect(clippy::cast_possible_truncation, reason = "addresses and lengths have 32 bits in a browser")]

use alloc::vec::Vec;
use core::cell::Cell;
use core::ops::Range;

use crate::config::config::Config;
use crate::config::dependency_cycle::{self, Progress};
use crate::config::flag::Flag;
use crate::config::validator::Validator;
use crate::diagnostics::diagnostic::Code;
use crate::diagnostics::list::LastCode;
use crate::engine::input::Input;
use crate::evaluation::decision::{self, Subject};
use crate::evaluation::details::{Details, Value};
use crate::evaluation::flag::{Requirements, User, evaluate};
use crate::evaluation::reason::ErrorCode;
use crate::evaluation::trace::NoTrace;
use crate::evaluation::visitor::{History, Visitor};
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::arm::Arm;
use crate::targeting::condition::TargetingContext;

/// The size of the buffer for targeting keys. A longer key needs a context.
pub const KEY_BYTES: usize = 256;

/// Stands for a flag that the config does not have, or for no override.
const NONE: u32 = u32::MAX;

/// The users that flags are evaluated for: the device, the user that the page has identified, another one, and one without
/// attributes.
const CONTEXTS: usize = 4;

/// An engine. The caller writes what is long into [`Engine::nodes`], [`Engine::text`] and [`Engine::key`] before a call.
#[derive(Debug)]
pub struct Engine {
    input: Input,
    key: [u8; KEY_BYTES],
    config: Option<Config>,
    /// The flags that have been asked for, each as key and definition.
    document: Document,
    flags: Vec<Compiled>,
    /// The flags that flags require, in the order of `requires`.
    required: Vec<u32>,
    progress: Progress,
    overrides: Document,
    contexts: [Context; CONTEXTS],
    /// The number of the evaluation, which tells values of this one from those of others.
    evaluation: u32,
    bucket: u32,
    variant: u32,
}

/// A flag that has been asked for.
#[derive(Debug)]
struct Compiled {
    /// The node of the key.
    key: u32,
    /// The range of the flags that it requires.
    required: (u32, u32),
    is_malformed: bool,
    /// The node of the override's value.
    overridden: u32,
    /// The last evaluation and its value.
    memo: Cell<(u32, u32)>,
}

/// The user of an evaluation.
#[derive(Debug)]
struct Context {
    targeting_key: Vec<u8>,
    attributes: Document,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// Creates an engine without a config.
    #[must_use]
    pub const fn new() -> Self {
        const CONTEXT: Context = Context { targeting_key: Vec::new(), attributes: Document::EMPTY };
        Self {
            input: Input::new(),
            key: [0; KEY_BYTES],
            config: None,
            document: Document::EMPTY,
            flags: Vec::new(),
            required: Vec::new(),
            progress: Progress::new(),
            overrides: Document::EMPTY,
            contexts: [CONTEXT; CONTEXTS],
            evaluation: 0,
            bucket: NONE,
            variant: NONE,
        }
    }

    /// Makes room for the values of the next call.
    pub fn reserve(&mut self, numbers: usize, bytes: usize) {
        self.input.resize(numbers, bytes);
    }

    /// Returns the numbers that the next call takes, to be written.
    pub fn nodes(&mut self) -> &mut [u32] {
        &mut self.input.nodes
    }

    /// Returns the text that the next call takes, to be written.
    pub fn text(&mut self) -> &mut [u8] {
        &mut self.input.text
    }

    /// Returns the buffer for a targeting key.
    pub fn key(&mut self) -> &mut [u8] {
        &mut self.key
    }

    /// Loads a config without its flags, which replaces the one before. The page's rules for assets are the caller's to check.
    ///
    /// `response_time` is the time of the response in milliseconds since 1970, or NaN. Returns the number of the code for
    /// which the config is rejected, or 0; plus 1,000 if there are warnings, plus 2,000 if `GUARD` counts. A rejected config
    /// has no effect.
    pub fn load(&mut self, response_time: f64) -> u32 {
        let mut document = Document::EMPTY;
        self.input.append_to(&mut document, 0, 0);
        let (config, has_warnings) = match Config::from_document(document) {
            Ok(config) => config,
            Err(code) => return code.number(),
        };
        if config.is_expired((!response_time.is_nan()).then_some(response_time as i64)) {
            return Code::Expired.number();
        }
        let notes = u32::from(has_warnings).wrapping_add(u32::from(config.guard().exists()).wrapping_mul(2));
        self.config = Some(config);
        self.document.clear();
        self.overrides.clear();
        self.flags.clear();
        self.required.clear();
        self.progress = Progress::new();
        notes.wrapping_mul(1000)
    }

    /// Sets the context with an index. The first bytes of the text are the targeting key. Returns whether the attributes are
    /// an object.
    pub fn set_context(&mut self, index: usize, key_length: usize) -> bool {
        let Some(context) = self.contexts.get_mut(index) else { return false };
        context.targeting_key.clear();
        context.targeting_key.extend_from_slice(self.input.prefix(key_length));
        context.attributes.clear();
        self.input.append_to(&mut context.attributes, 0, key_length);
        context.attributes.root().kind() == Kind::Object
    }

    /// Decides which bundle the page view of the first context gets. The visitor is 0 for identified, 1 for a bot, else
    /// anonymous; the arm is that of the URL: 1 for the canary, 2 for stable, else none; the token of a QA link is 1, or 2 with
    /// `always`, if it is listed.
    ///
    /// Returns the variant (0 for the canary), the cohort, the reason, the error or 7, whether it counts, whether
    /// [`Engine::bucket`] is the user's, and whether the page view is reported, in 1, 2, 3, 3, 1, 1 and 1 bits from the
    /// lowest.
    pub fn decide(&mut self, visitor: u32, arm: u32, is_held: bool, token: u32) -> u32 {
        let [context, ..] = &self.contexts;
        let Some(config) = &self.config else { return 0 };
        let subject = Subject {
            targeting_key: &context.targeting_key,
            targeting: TargetingContext { attributes: &context.attributes, segments: config.segments() },
            requested: match arm {
                1 => Some(Arm::Canary),
                2 => Some(Arm::Stable),
                _ => None,
            },
            token: (token > 0).then_some(token > 1),
        };
        let visitor = match visitor {
            0 => Visitor::Identified,
            1 => Visitor::Bot,
            _ => Visitor::Anonymous,
        };
        let history = History { held: is_held, quarantined: false };
        let decision = decision::decide(config, &subject, visitor, history, &mut NoTrace);
        self.bucket = decision.bucket.unwrap_or(NONE);
        decision.variant as u32
            | (decision.cohort as u32) << 1
            | (decision.reason as u32) << 3
            | decision.error.map_or(7, |error| error as u32) << 6
            | u32::from(decision.eligible) << 9
            | u32::from(decision.bucket.is_some()) << 10
            | u32::from(decision.eligible && config.samples_report(&context.targeting_key)) << 11
    }

    /// Adds a flag that has been asked for, or that one before requires: its key and its definition. The last numbers are the
    /// indices of the flags that it requires, in that order; the highest number stands for a flag that the config does not
    /// have. Flags are numbered in the order in which they are added.
    pub fn add_flag(&mut self, required_count: usize) {
        let Self { input, document, required, flags, config, .. } = self;
        let Some(config) = config else { return };
        let key = input.append_to(document, required_count, 0);
        let (first, last) = (required.len(), input.nodes.len().saturating_sub(required_count));
        required.extend_from_slice(input.nodes.get(last..).unwrap_or_default());
        flags.push(Compiled {
            key,
            required: (first as u32, required.len() as u32),
            is_malformed: !is_valid(document, key, config),
            overridden: NONE,
            memo: Cell::new((0, 0)),
        });
    }

    /// Returns whether a flag, given by key and definition, is valid. It is not added.
    #[must_use]
    pub fn check_flag(&self) -> bool {
        let mut document = Document::EMPTY;
        self.input.append_to(&mut document, 0, 0);
        self.config.as_ref().is_some_and(|config| is_valid(&document, 0, config))
    }

    /// Marks those of the added flags as malformed that are in a cycle or start too long a chain. All flags that they require
    /// have been added.
    pub fn link(&mut self) {
        let Self { flags, required, progress, .. } = self;
        let edges = |index: usize| {
            let flag = flags.get(index).filter(|flag| !flag.is_malformed);
            let required = flag.and_then(|flag| required.get(flag.required())).unwrap_or_default();
            let is_valid = |index: &usize| flags.get(*index).is_some_and(|flag| !flag.is_malformed);
            required.iter().map(|index| *index as usize).filter(is_valid)
        };
        for index in dependency_cycle::find(progress, flags.len(), edges) {
            if let Some(flag) = flags.get_mut(index) {
                flag.is_malformed = true;
            }
        }
    }

    /// Returns whether a flag is malformed.
    #[must_use]
    pub fn is_malformed(&self, index: usize) -> bool {
        self.flags.get(index).is_none_or(|flag| flag.is_malformed)
    }

    /// Overrides a flag for this page view.
    pub fn set_override(&mut self, index: usize) {
        if let Some(flag) = self.flags.get_mut(index) {
            flag.overridden = self.input.append_to(&mut self.overrides, 0, 0);
        }
    }

    /// Removes all overrides.
    pub fn clear_overrides(&mut self) {
        self.overrides.clear();
        for flag in &mut self.flags {
            flag.overridden = NONE;
        }
    }

    /// Evaluates a flag for the context with an index. `now` is in milliseconds since 1970.
    ///
    /// If `key_length` is not negative, the targeting key is not that of the context but the first bytes of the buffer.
    ///
    /// Returns the reason, the error or 7, whether an override gives the value, whether [`Engine::bucket`] determines it, and
    /// the value, in 3, 3, 1, 1 and 24 bits from the lowest. The value is 0 for none, 1 for false, 2 for true, else the
    /// number of its node plus 3, counted from the flag's key.
    pub fn evaluate(&mut self, index: usize, context: usize, key_length: i32, now: f64) -> u32 {
        self.evaluation = self.evaluation.wrapping_add(1);
        let Some(config) = &self.config else { return 0 };
        let Some(context) = self.contexts.get(context) else { return 0 };
        let targeting_key = usize::try_from(key_length)
            .map_or(&*context.targeting_key, |length| self.key.get(..length).unwrap_or_default());
        let user = User {
            targeting_key,
            targeting: TargetingContext { attributes: &context.attributes, segments: config.segments() },
            now: now as i64,
        };
        let details = self.details(index, &user);
        let first = self.flags.get(index).map_or(0, |flag| flag.key);
        let packed = details.reason as u32
            | details.error.map_or(7, |error| error as u32) << 3
            | u32::from(details.overridden) << 6
            | u32::from(details.bucket.is_some()) << 7
            | number_of(details.value, first) << 8;
        (self.bucket, self.variant) = (details.bucket.unwrap_or(NONE), self.position_of(index, details.variant));
        packed
    }

    /// Returns the bucket of the last decision or evaluation.
    #[must_use]
    pub fn bucket(&self) -> u32 {
        self.bucket
    }

    /// Returns the position among the flag's variants of the last evaluation's variant; the highest number if it has none.
    #[must_use]
    pub fn variant(&self) -> u32 {
        self.variant
    }

    /// Returns the number of the canary's buckets.
    #[must_use]
    pub fn percentage(&self) -> u32 {
        self.config.as_ref().map_or(0, |config| config.percentage.buckets())
    }

    fn position_of(&self, index: usize, variant: Option<&str>) -> u32 {
        let position = variant.and_then(|variant| {
            let (_, definition) = flag_at(&self.document, self.flags.get(index)?.key);
            definition.member(Keyword::Variants).members().position(|(name, _)| name.as_text() == variant)
        });
        position.map_or(NONE, |position| position as u32)
    }

    fn details(&self, index: usize, user: &User) -> Details<'_> {
        match self.flags.get(index) {
            Some(flag) if !flag.is_malformed => {
                if flag.overridden != NONE {
                    return Details::overridden(self.overrides.value_at(flag.overridden as usize));
                }
                let (key, definition) = flag_at(&self.document, flag.key);
                let mut required = Required { engine: self, user, flag };
                evaluate(Flag::new(key.as_text(), definition), user, &mut required, &mut NoTrace)
            }
            _ => Details::error(ErrorCode::ParseError),
        }
    }
}

/// Returns the key and the definition of the flag whose key is the node with an index.
fn flag_at(document: &Document, key: u32) -> (Json<'_>, Json<'_>) {
    let key = key as usize;
    (document.value_at(key), document.value_at(key.saturating_add(1)))
}

fn is_valid(document: &Document, key: u32, config: &Config) -> bool {
    let (key, definition) = flag_at(document, key);
    Validator::new(LastCode::default(), config.segments().json()).flag(key, definition)
}

impl Compiled {
    fn required(&self) -> Range<usize> {
        self.required.0 as usize..self.required.1 as usize
    }
}

/// The flags that a flag requires. The recursion is limited, because flags in a cycle or at the start of a long chain are
/// malformed, and each flag is evaluated once.
struct Required<'a, 'e> {
    engine: &'a Engine,
    user: &'e User<'e>,
    flag: &'a Compiled,
}

impl<'a> Requirements<'a> for Required<'a, '_> {
    fn value(&mut self, _key: &str, position: usize) -> Option<Value<'a>> {
        let Self { engine, user, flag } = *self;
        let index = *engine.required.get(flag.required())?.get(position)? as usize;
        let required = engine.flags.get(index)?;
        let (evaluation, number) = required.memo.get();
        if evaluation == engine.evaluation {
            return match number {
                0 => None,
                1 | 2 => Some(Value::Bool(number == 2)),
                _ => Some(Value::Json(engine.document.value_at(number.saturating_sub(3) as usize))),
            };
        }
        let details = engine.details(index, user);
        if !details.overridden {
            required.memo.set((engine.evaluation, number_of(details.value, 0)));
        }
        details.value
    }
}

/// Returns a value as [`Engine::evaluate`] does.
fn number_of(value: Option<Value>, first: u32) -> u32 {
    match value {
        None => 0,
        Some(Value::Bool(value)) => 1_u32.wrapping_add(u32::from(value)),
        Some(Value::Json(json)) => (json.index() as u32).wrapping_sub(first).wrapping_add(3),
    }
}
