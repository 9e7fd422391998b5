//! Rules that hadolint lacks: pinned bases, the user, secrets and the stop signal.

use regex::Regex;

/// An instruction, its lines joined, and the rest of it.
type Instruction = (String, String);

/// The findings in the text of a Dockerfile.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let instructions = instructions(text);
    let mut faults = unpinned(&instructions);
    let secret = Regex::new("(secret|token|passw|api_?key|credential)[a-z_]*(=|$| )").unwrap();
    for (word, rest) in &instructions {
        match word.as_str() {
            "ARG" | "ENV" if secret.is_match(&rest.to_lowercase()) => {
                faults.push(format!("a secret stays in the image: {word} {rest}"));
            }
            // hadolint misses it where another stage has the same base.
            "RUN" if rest.contains("apt-get update") && !rest.contains("rm -rf /var/lib/apt/lists/*") => {
                faults.push("lists of packages stay in a layer".to_owned());
            }
            "ADD" => faults.push(format!("ADD, where COPY says what comes: {rest}")),
            _ => {}
        }
    }
    // The last stage counts.
    let last = instructions.iter().rposition(|(word, _)| word == "FROM").map_or(&[][..], |from| &instructions[from..]);
    let said = |wanted: &str| last.iter().rev().find(|(word, _)| word == wanted).map_or("", |(_, rest)| rest);
    // `runAsNonRoot` needs a numeric user other than 0.
    let user = said("USER").split(':').map(|id| id.parse::<u32>().unwrap_or(0)).collect::<Vec<_>>();
    if user.len() != 2 || user.contains(&0) {
        faults.push(format!("USER is not two numbers other than 0: {:?}", said("USER")));
    }
    if said("CMD").is_empty() && said("ENTRYPOINT").is_empty() {
        faults.push("nothing to run".to_owned());
    }
    if said("CMD").contains("nginx") && said("STOPSIGNAL") != "SIGQUIT" {
        faults.push(format!("nginx cuts requests off with STOPSIGNAL {:?}", said("STOPSIGNAL")));
    }
    faults
}

/// The base images without a digest.
fn unpinned(instructions: &[Instruction]) -> Vec<String> {
    let pinned = Regex::new("^[a-z0-9./-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}$").unwrap();
    let mut faults = Vec::new();
    // Arguments before the first FROM may name a base image.
    let first = instructions.iter().position(|(word, _)| word == "FROM").unwrap_or_default();
    let defaults: Vec<_> = instructions[..first].iter().filter_map(|(_, rest)| rest.split_once('=')).collect();
    for (_, rest) in instructions.iter().filter(|(word, _)| word == "FROM") {
        let named = rest.split(' ').next().unwrap_or_default();
        let argument = named.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let image = match argument {
            Some(name) => defaults.iter().find(|(argument, _)| *argument == name).map_or("", |(_, image)| image),
            None => named,
        };
        if image != "scratch" && !pinned.is_match(image) {
            faults.push(format!("no digest: FROM {named} is {image:?}"));
        }
    }
    faults
}

fn instructions(text: &str) -> Vec<Instruction> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let split = |line: &str| {
        line.trim().split_once(char::is_whitespace).map(|(word, rest)| (word.to_uppercase(), rest.trim().to_owned()))
    };
    joined.lines().filter_map(split).collect()
}
