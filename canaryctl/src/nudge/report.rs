//! One line on standard output for each pass over the pods.

use std::io::{self, Write};

use serde_json::json;

use crate::nudge::cluster::Cluster;
use crate::nudge::reconcile::Summary;
use crate::nudge::revision::Revision;
use crate::terminal::output::Output;

/// Prints the summary of a pass.
pub(crate) fn print(cluster: &Cluster, desired: &Revision, summary: &Summary, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => writeln!(out, "{}", text(&cluster.name(), desired, summary))?,
        Output::Json => writeln!(
            out,
            "{}",
            json!({
                "configMap": cluster.name(), "revision": desired.to_string(), "nudged": summary.nudged,
                "current": summary.current, "gone": summary.gone, "failed": summary.failed,
                "seconds": summary.elapsed.as_secs_f64(),
            })
        )?,
    }
    out.flush()
}

fn text(name: &str, desired: &Revision, summary: &Summary) -> String {
    let pods = if summary.nudged == 1 { "pod" } else { "pods" };
    let others = [(summary.current, "up to date"), (summary.gone, "gone"), (summary.failed, "failed")];
    let others: Vec<_> =
        others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}")).collect();
    let seconds = summary.elapsed.as_secs_f64();
    format!("{name} {}: {} {pods} nudged{}, {seconds:.2} s", desired.hash(), summary.nudged, others.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_line_leaves_out_zero_counts() {
        let map = serde_json::from_value(json!({"metadata": {}, "data": {"a": "b"}})).unwrap();
        let desired = Revision::of(&map);
        let check = |summary: &Summary, expected: &str| {
            assert_eq!(text("frontend/a", &desired, summary), format!("frontend/a {}: {expected}", desired.hash()));
        };
        let elapsed = Duration::from_millis(1250);
        check(&Summary { nudged: 1, elapsed, ..Summary::default() }, "1 pod nudged, 1.25 s");
        let all = Summary { nudged: 3, current: 2, gone: 1, failed: 4, elapsed, first_error: None };
        check(&all, "3 pods nudged, 2 up to date, 1 gone, 4 failed, 1.25 s");
    }
}
