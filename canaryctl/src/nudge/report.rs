//! A line for each walk over the pods.

use std::io::{self, Write};

use serde_json::json;

use crate::nudge::cluster::Cluster;
use crate::nudge::reconcile::Tally;
use crate::nudge::revision::Revision;
use crate::terminal::output::Output;

/// Prints what a walk came to.
pub(crate) fn print(cluster: &Cluster, wanted: &Revision, tally: &Tally, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => writeln!(out, "{}", text(&cluster.name(), wanted, tally))?,
        Output::Json => writeln!(
            out,
            "{}",
            json!({
                "configMap": cluster.name(), "revision": wanted.to_string(), "nudged": tally.nudged,
                "current": tally.current, "gone": tally.gone, "failed": tally.failed,
                "seconds": tally.took.as_secs_f64(),
            })
        )?,
    }
    out.flush()
}

fn text(name: &str, wanted: &Revision, tally: &Tally) -> String {
    let pods = if tally.nudged == 1 { "pod" } else { "pods" };
    let others = [(tally.current, "had it"), (tally.gone, "gone"), (tally.failed, "failed")];
    let others: Vec<_> =
        others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}")).collect();
    let seconds = tally.took.as_secs_f64();
    format!("{name} {}: {} {pods} nudged{}, {seconds:.2} s", wanted.hash(), tally.nudged, others.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_line_says_what_there_is_to_say() {
        let map = serde_json::from_value(json!({"metadata": {}, "data": {"a": "b"}})).unwrap();
        let wanted = Revision::of(&map);
        let check = |tally: &Tally, expected: &str| {
            assert_eq!(text("frontend/a", &wanted, tally), format!("frontend/a {}: {expected}", wanted.hash()));
        };
        let took = Duration::from_millis(1250);
        check(&Tally { nudged: 1, took, ..Tally::default() }, "1 pod nudged, 1.25 s");
        let all = Tally { nudged: 3, current: 2, gone: 1, failed: 4, took, fault: None };
        check(&all, "3 pods nudged, 2 had it, 1 gone, 4 failed, 1.25 s");
    }
}
