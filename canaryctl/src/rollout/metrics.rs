//! Queries of Prometheus, written as in Flagger's metrics.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use canary_rollout::{Metric, MetricAnswer, Rollout};
use form_urlencoded::Serializer;
use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::Value;

use crate::platform::http::{Url, get};
use crate::rollout::template::Template;

/// The address where neither an option nor a template names one.
const DEFAULT: &str = "http://prometheus:9090";

/// The time for one answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Asks for all metrics. Returns those that did not pass.
///
/// An address that is given replaces those of templates.
pub(crate) fn ask(
    rollout: &Rollout,
    given: Option<&str>,
    now: i64,
    template: impl Fn(&Metric) -> anyhow::Result<Option<Template>>,
) -> Vec<MetricAnswer> {
    let ask_one = |metric: &Metric| {
        let found = template(metric)?;
        let address = given.or(found.as_ref().and_then(|it| it.address.as_deref())).unwrap_or(DEFAULT);
        let query = found.as_ref().map_or(&metric.query, |it| &it.query);
        value(rollout, metric, query, address, now)
    };
    let answer = |metric: &Metric| match ask_one(metric) {
        Err(error) => Some(MetricAnswer::NoData(format!("{}: {error:#}", metric.name))),
        Ok(value) => out_of_range(metric, value).map(|text| MetricAnswer::Failed(format!("{}: {text}", metric.name))),
    };
    rollout.analysis.metrics.iter().filter_map(answer).collect()
}

fn out_of_range(metric: &Metric, value: f64) -> Option<String> {
    match (metric.min, metric.max) {
        (Some(min), _) if value < min => Some(format!("found {value}, expected at least {min}")),
        (_, Some(max)) if value > max => Some(format!("found {value}, expected at most {max}")),
        _ => None,
    }
}

fn value(rollout: &Rollout, metric: &Metric, query: &str, prometheus: &str, now: i64) -> anyhow::Result<f64> {
    let query = render(rollout, metric, query)?;
    let query =
        Serializer::new(String::new()).append_pair("query", &query).append_pair("time", &now.to_string()).finish();
    let url = Url::parse(prometheus)?.at(&format!("/api/v1/query?{query}"))?;
    let address = url.resolve()?.first().copied().context("no address")?;
    let answer = get(&url, address, LIMIT)?;
    ensure!(answer.status == 200, "found status {}, expected 200", answer.status);
    let body: Value = serde_json::from_slice(&answer.body).context("expected JSON")?;
    sample(&body)
}

/// The query with its variables. A name that has no value is an error.
fn render(rollout: &Rollout, metric: &Metric, query: &str) -> anyhow::Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let name = &rollout.name;
    let values = context! {
        name => name,
        namespace => rollout.namespace,
        target => name,
        service => name,
        ingress => name,
        route => name,
        interval => metric.interval,
        variables => metric.variables,
    };
    environment.render_str(query, values).context("query")
}

/// The one value of an answer. None, several, NaN and infinities are no data.
fn sample(body: &Value) -> anyhow::Result<f64> {
    let text = |path: &str| body.pointer(path).and_then(Value::as_str).unwrap_or_default();
    ensure!(text("/status") == "success", "found the status {:?}, expected \"success\"", text("/status"));
    let value = match (text("/data/resultType"), body.pointer("/data/result").and_then(Value::as_array)) {
        ("scalar", Some(pair)) => pair.get(1),
        ("vector", Some(series)) => match series.as_slice() {
            [] => bail!("found no series, expected one"),
            [one] => one.pointer("/value/1"),
            several => bail!("found {} series, expected one", several.len()),
        },
        (kind, _) => bail!("found a result of type {kind:?}, expected a vector or a scalar"),
    };
    let text = value.and_then(Value::as_str).context("expected a value")?;
    let value: f64 = text.parse().with_context(|| format!("found {text:?}, expected a number"))?;
    ensure!(value.is_finite(), "found {text}, expected a finite number");
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(kind: &str, result: &Value, expected: Result<f64, &str>) {
        let body = json!({"status": "success", "data": {"resultType": kind, "result": result}});
        assert_eq!(sample(&body).map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn silence_is_no_value() {
        let series = |value: &str| json!({"metric": {}, "value": [1.5, value]});
        check("vector", &json!([series("0.25")]), Ok(0.25));
        check("scalar", &json!([1, "3"]), Ok(3.0));
        check("vector", &json!([]), Err("found no series, expected one"));
        check("vector", &json!([series("1"), series("2")]), Err("found 2 series, expected one"));
        check("vector", &json!([series("NaN")]), Err("found NaN, expected a finite number"));
        check("vector", &json!([series("+Inf")]), Err("found +Inf, expected a finite number"));
        check("matrix", &json!([]), Err("found a result of type \"matrix\", expected a vector or a scalar"));
    }
}
