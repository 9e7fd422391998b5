//! The horizon of reports in the config that pages get.

use crate::config::json_edit::{Action, Edit, splices};
use crate::config::loaded::Loaded;

/// The bytes of a config that asks pages for reports within so many seconds, whatever it said before. A config that is rejected
/// stays as it is: pages do not read it.
pub(crate) fn with_horizon(config: Loaded, seconds: u32) -> Vec<u8> {
    let path = ["TELEMETRY", "horizonSeconds"].map(str::to_owned).into();
    let edit = Edit { path, action: Action::Set(seconds.to_string()) };
    let Some(splices) = config.parsed.is_ok().then(|| splices(&config.document, &[edit]).ok()).flatten() else {
        return config.bytes;
    };
    let mut text = config.document.source().to_owned();
    // From the end, so that the places of the others stay.
    for splice in splices.into_iter().rev() {
        text.replace_range(splice.range, &splice.text);
    }
    text.into_bytes()
}
