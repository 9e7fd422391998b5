//! Access to optional JSON values.

use serde_json::Value;

/// The items of a list; none for another value.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text; empty for another value.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The name of an object in messages: `Deployment frontend-stable`.
pub(crate) fn called(object: &Value) -> String {
    format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Whether an object has all the labels of a selector; an empty selector selects everything.
pub(crate) fn selects(selector: &Value, labels: &Value) -> bool {
    selector.as_object().into_iter().flatten().all(|(key, value)| labels[key] == *value)
}

/// Seconds of a duration as Flux writes it: `10m`, `1m30s`.
pub(crate) fn seconds(duration: &Value) -> f64 {
    let mut sum = 0.0;
    let mut number = String::new();
    for letter in text(duration).chars() {
        let unit = match letter {
            'h' => 3600.0,
            'm' => 60.0,
            's' => 1.0,
            _ => {
                number.push(letter);
                continue;
            }
        };
        sum += unit * std::mem::take(&mut number).parse::<f64>().unwrap_or_default();
    }
    sum
}
