//! The engine of a page: it decides which bundle a page view gets, and evaluates flags.
//!
//! The browser parses the config, and values stay in its JavaScript. The engine gets the top-level keys at boot and each
//! flag when it is first asked for, as nodes of a [`Document`]; it answers with numbers.

use alloc::vec::Vec;
use core::cell::Cell;

use crate::config::config::Config;
use crate::config::dependency_cycle::{self, Progress};
use crate::config::flag::Flag;
use crate::config::validator::Validator;
use crate::diagnostics::diagnostic::Code;
use crate::diagnostics::list::LastCode;
use crate::encoding::utf8;
use crate::evaluation::details::{Details, Value};
use crate::evaluation::flag::{Requirements, User, evaluate};
use crate::evaluation::reason::ErrorCode;
use crate::evaluation::trace::NoTrace;
use crate::json::document::{Document, Json, Kind};
use crate::json::keyword::Keyword;
use crate::targeting::condition::TargetingContext;
use crate::targeting::segment::Segments;

/// The size of the buffer for targeting keys. A longer key needs a context.
pub const KEY_BYTES: usize = 256;

/// Stands for a flag that the config does not have, or for no override.
const NONE: u32 = u32::MAX;

/// The users that flags are evaluated for: the device, the user that the page has identified, another one.
const CONTEXTS: usize = 3;

/// An engine.
#[derive(Debug)]
pub struct Engine {
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
#[derive(Debug, Default)]
struct Context {
    targeting_key: Vec<u8>,
    attributes: Document,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            key: [0; KEY_BYTES],
            config: None,
            document: Document::default(),
            flags: Vec::new(),
            required: Vec::new(),
            progress: Progress::default(),
            overrides: Document::default(),
            contexts: Default::default(),
            evaluation: 0,
            bucket: NONE,
            variant: NONE,
        }
    }
}

impl Engine {
    /// Returns the buffer for a targeting key.
    #[must_use]
    pub fn key_buffer(&self) -> &[u8] {
        &self.key
    }

    /// Loads a config without its flags, which replaces the one before.
    ///
    /// `response_time` is the time of the response in milliseconds since 1970, or NaN; `origins` are the other origins that
    /// may serve assets, separated by spaces. Returns the number of the code for which the config is rejected, or 0; plus
    /// 1,000 if there are warnings, plus 2,000 if `GUARD` counts. A rejected config has no effect.
    pub fn load(&mut self, nodes: &[u32], text: &[u8], response_time: f64, origins: &[u8]) -> u32 {
        let mut document = Document::default();
        document.append(nodes.as_chunks().0, utf8(text).unwrap_or_default());
        let (config, has_warnings) = match Config::from_document(document) {
            Ok(config) => config,
            Err(code) => return code.number(),
        };
        #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
        if config.is_expired((!response_time.is_nan()).then_some(response_time as i64)) {
            return Code::Expired.number();
        }
        let origins = utf8(origins).unwrap_or_default();
        if config.canary_bundle().is_some_and(|bundle| bundle.first_unlisted_asset(origins).is_some()) {
            return Code::AssetUrl.number();
        }
        let notes = u32::from(has_warnings).wrapping_add(u32::from(config.guard().exists()).wrapping_mul(2));
        self.config = Some(config);
        self.document.clear();
        self.flags.clear();
        self.required.clear();
        self.progress = Progress::default();
        notes.wrapping_mul(1000)
    }

    /// Sets the context with an index: the first `key_length` bytes of `text` are the targeting key, the rest is the text of
    /// the attributes. Returns whether the attributes are an object.
    pub fn set_context(&mut self, index: usize, key_length: usize, nodes: &[u32], text: &[u8]) -> bool {
        let Some(context) = self.contexts.get_mut(index) else { return false };
        let (key, text) = text.split_at_checked(key_length).unwrap_or_default();
        context.targeting_key.clear();
        context.targeting_key.extend_from_slice(key);
        context.attributes.clear();
        context.attributes.append(nodes.as_chunks().0, utf8(text).unwrap_or_default());
        context.attributes.root().kind() == Kind::Object
    }
}
