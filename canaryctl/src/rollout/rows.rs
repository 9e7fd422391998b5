//! The judge's rows, one JSON object a line.

use anyhow::{anyhow, bail};
use canary_judge::Row;

/// Parses rows, one a line.
pub(crate) fn parse_rows(name: &str, bytes: &[u8]) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::<Row>::new();
    for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1_usize..) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let row: Row = serde_json::from_slice(line)
            .map_err(|error| anyhow!("{name}:{number}:{}: {}", error.column(), message(&error)))?;
        if let Some(last) = rows.last().filter(|last| last.minute > row.minute) {
            bail!(
                "{name}:{number}: found minute {} after {}, expected rows in order of minute",
                row.minute,
                last.minute
            );
        }
        rows.push(row);
    }
    Ok(rows)
}

/// The error without its position, which the caller prints first.
pub(crate) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    if error.is_data() { text.to_owned() } else { format!("found no JSON, expected one row a line: {text}") }
}
