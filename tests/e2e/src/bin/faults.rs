//! Prints what became of the table of faults; fails where a row failed, or neither ran nor has a reason.
//!
//! `rows --clear` forgets the outcomes of earlier runs. `rows FIRST LAST` looks at a part of the table.

use canary_e2e::engine::Engine;
use canary_e2e::faults::{Outcome, ROWS, folder, outcomes};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let range = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Some(1..=ROWS.len()),
        ["--clear"] => {
            let folder = folder();
            let cleared = std::fs::remove_dir_all(&folder);
            return if cleared.is_ok() || !folder.exists() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        [first, last] => first.parse().ok().zip(last.parse().ok()).map(|(first, last)| first..=last),
        _ => None,
    };
    let Some(range) = range else {
        eprintln!("usage: rows [--clear | FIRST LAST]");
        return ExitCode::from(2);
    };
    // Later is no outcome where nothing comes later.
    let is_long = std::env::var_os("CANARY_ALL_ENGINES").is_some_and(|value| value != "0");
    let is_wrong = |outcome: &Outcome| match outcome {
        Outcome::Failed | Outcome::Missing => true,
        Outcome::Later => is_long,
        Outcome::Passed | Outcome::Cannot(_) => false,
    };

    let [one, two, three] = Engine::ALL;
    println!("row  {:<34}{one:<10}{two:<10}{three}", "fault");
    let mut wrong = 0;
    let mut reasons = Vec::new();
    for (number, (about, row)) in (1..).zip(ROWS.iter().zip(outcomes())) {
        if range.contains(&number) {
            let cells = row.iter().zip(Engine::ALL).map(|(outcome, engine)| match outcome {
                Outcome::Cannot(reason) => {
                    reasons.push(format!("{number:>3}  {engine}: {reason}"));
                    "--".to_owned()
                }
                outcome => outcome.to_string(),
            });
            let [one, two, three] = <[String; 3]>::try_from(cells.collect::<Vec<_>>()).unwrap_or_default();
            println!("{number:>3}  {about:<34}{one:<10}{two:<10}{three}");
            wrong += row.iter().filter(|outcome| is_wrong(outcome)).count();
        }
    }
    for reason in reasons {
        println!("{reason}");
    }
    if wrong == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("{wrong} failed or missing");
    ExitCode::FAILURE
}
