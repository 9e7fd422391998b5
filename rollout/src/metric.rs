//! Metrics that are queried at each check.

use serde_json::Value;

use crate::object::{Object, SpecError};

/// A metric that is queried at each check.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// The value of `interval` in the query, as it was typed.
    pub interval: String,
    /// The least value that passes.
    pub min: Option<f64>,
    /// The largest value that passes.
    pub max: Option<f64>,
    /// The query's template; empty where a `MetricTemplate` has it.
    pub query: String,
    /// The `MetricTemplate` with the query.
    pub template: Option<TemplateRef>,
    /// The template's `variables`.
    pub variables: Value,
}

/// The name of a `MetricTemplate` of Flagger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRef {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
}

/// Reads `metrics` of the analysis.
pub(crate) fn metrics(analysis: &Object<'_>) -> Result<Vec<Metric>, SpecError> {
    let known = ["name", "interval", "thresholdRange", "query", "templateRef", "templateVariables"];
    let read = |(path, value): (String, &Value)| {
        let metric = Object::new(&path, value, &known)?;
        let template = metric.object("templateRef", &["name", "namespace"])?;
        let template = template
            .map(|it| Ok(TemplateRef { name: it.required("name")?, namespace: it.text("namespace")? }))
            .transpose()?;
        metric.duration("interval")?;
        let (mut min, mut max) = (None, None);
        if let Some(range) = metric.object("thresholdRange", &["min", "max"])? {
            (min, max) = (range.number("min")?, range.number("max")?);
        }
        if min.is_none() && max.is_none() {
            return Err(metric.error("thresholdRange", "missing, expected min, max or both"));
        }
        Ok(Metric {
            name: metric.required("name")?,
            interval: metric.text("interval")?.unwrap_or_else(|| "1m".to_owned()),
            min,
            max,
            query: match (metric.text("query")?, &template) {
                (_, Some(_)) => String::new(),
                (Some(query), None) => query,
                (None, None) => return Err(metric.error("query", "missing, expected a string, or templateRef")),
            },
            template,
            variables: metric.get("templateVariables").cloned().unwrap_or(Value::Null),
        })
    };
    analysis.items("metrics")?.into_iter().map(read).collect()
}
