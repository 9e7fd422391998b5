//! `canaryctl validate`: checks configs, and the manifests and nginx configurations around them ([`crate::lint`]).

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::commands::rollout::parse_rate;
use crate::lint::report::{self, Options, Report};
use crate::platform::clock;
use crate::rollout::collectors::Collectors;
use crate::rollout::file::Surroundings;
use crate::rollout::plan;
use crate::terminal::color::Paint;
use crate::terminal::message::warn;
use crate::terminal::output::Output;
use crate::terminal::stdout::stdout;

/// Check configs, manifests and nginx configurations, with the position of every fault.
///
/// A file is a manifest, the bare JSON, a kustomization or its folder, or an nginx.conf. Checks every ConfigMap
/// `canary-settings`, and whatever in mounts, generators, Kustomizations of Flux and locations keeps an edit from arriving.
/// Lines and columns are those of the file, columns in bytes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Errors: faults for which the runtime rejects the whole config; a flag that is malformed and left out (E112); an
unknown key inside a flag, a rule or a bundle; regular expressions that a browser and this program would read
differently. Warnings: everything else that the runtime has to say; an `EXPIRES_AT` that has passed by this machine's
clock; `requires` of a flag that is missing or malformed. The attributes that rules use are listed, for you to see a typo.
Traps around a config are E901 and above where they surely break something, W912 and above where they may be intended.

Exit codes: 0 all files are valid; 1 a file is not; 2 a file cannot be read or has no config in it. All files are
checked in any case, and the highest code counts.

Examples:
  canaryctl validate k8s/base/canary-config-cm.yaml
  canaryctl validate --strict --output json overlays/*/canary-config-cm.yaml
  canaryctl validate k8s nginx/nginx.conf
  canaryctl validate rollout.yaml --views-per-second 0.5 --repo .
  kustomize build . | canaryctl validate -"
)]
pub(crate) struct Args {
    /// The files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Treat a file with warnings as invalid.
    #[arg(long)]
    strict: bool,
    /// The pages have `data-integrity="required"`: refuse scripts without integrity.
    #[arg(long)]
    require_integrity: bool,
    /// The pages have this `data-canary-base`: refuse scripts and styles elsewhere.
    #[arg(long, value_name = "PATH")]
    canary_base: Option<String>,
    /// The traffic of the site in page views a second: refuse a ladder of a rollout that it cannot judge.
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    views_per_second: Option<f64>,
    /// Take the traffic of the last 48 hours from these collectors.
    #[arg(long, value_name = "URL", value_delimiter = ',', conflicts_with = "views_per_second")]
    collectors: Option<Vec<String>>,
    /// Ask this repository, an address or a work tree with a remote, whether a rollout's commits can be pushed.
    #[arg(long, value_name = "DIR|URL")]
    repo: Option<String>,
    /// The branch there; else the one that is checked out, or the remote's default.
    #[arg(long, value_name = "NAME", requires = "repo")]
    branch: Option<String>,
}

/// Checks all files.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let now = clock::now();
    let integrity = args.require_integrity.then(|| "integrity".to_owned());
    let rules: Vec<_> =
        integrity.into_iter().chain(args.canary_base.iter().map(|base| format!("base:{base}"))).collect();
    let views_per_second = match &args.collectors {
        Some(urls) => Some(plan::measured(&Collectors::Listed(urls.clone()), now / 1000)?.0),
        None => args.views_per_second,
    };
    let repository = args.repo.clone().map(|repo| (repo, args.branch.clone()));
    let around = Surroundings { views_per_second, repository };
    let options = Options { strict: args.strict, asset_rules: rules.join(" "), around };
    let reports: Vec<_> = args.files.iter().flat_map(|file| Report::all(file, &options, now)).collect();
    let mut out = stdout(output);
    match output {
        Output::Text => write!(out, "{}", report::text(&reports, Paint::for_stdout()))?,
        Output::Json => {
            let files: Vec<_> = reports.iter().map(Report::json).collect();
            writeln!(out, "{}", json!({"files": files}))?;
        }
    }
    out.flush()?;
    for error in reports.iter().filter_map(Report::failure) {
        warn(error.trim_end());
    }
    Ok(ExitCode::from(reports.iter().map(Report::exit_code).max().unwrap_or_default()))
}
