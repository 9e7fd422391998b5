//! The recipes of `docs/ci.md`: their commands, with real repositories and this program.
//!
//! Stand-ins: `gh` and GitLab's API keep comments in a file and a list; `docker` copies this program, as from its image.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::remotes::http;
use crate::shop::Shop;
use crate::support::{canaryctl, repo, text};

const GITHUB_ROLLOUT: &str = ".github/workflows/rollout.yaml";
const GITHUB_CHECK: &str = ".github/workflows/canary-frontend.yaml";
const GITLAB_ROLLOUT: &str = ".gitlab/ci/rollout.yml";
const GITLAB_CHECK: &str = ".gitlab/ci/canary-frontend.yml";

/// Takes this program out of its image.
const DOCKER: &str = r#"#!/bin/bash
case $1 in
  create) [ "$2" = registry.example.com/shop/canaryctl:0.1.0 ] && echo container ;;
  cp) [ "$2" = container:/usr/local/bin/canaryctl ] && cp "$CANARYCTL_OF_TEST" "$3" ;;
esac
"#;

/// `gh api` for comments of a pull request, which are in `comments.json`.
const GH: &str = r#"#!/bin/bash
set -eu
[ "$1" = api ] && [ "$GH_TOKEN" = secret ] || exit 9
shift
method=GET body='' query=.
while [ $# -gt 0 ]; do
  case $1 in
    --method) method=$2; shift ;;
    --field) body=$(cat "${2#body=@}"); shift ;;
    --jq) query=$2; shift ;;
    --paginate | --silent) ;;
    *) path=$1 ;;
  esac
  shift
done
echo "$method $path" >>"$COMMENTS.log"
new() { jq "$@" "$COMMENTS" >"$COMMENTS.new" && mv "$COMMENTS.new" "$COMMENTS"; }
case "$method $path" in
  "GET repos/remote/issues/7/comments?per_page=100") jq --raw-output "$query" "$COMMENTS" ;;
  "POST repos/remote/issues/7/comments") new --arg body "$body" '. + [{id: (length + 100), user: {login: "github-actions[bot]"}, body: $body}]' ;;
  "PATCH repos/remote/issues/comments/"*) new --arg body "$body" --argjson id "${path##*/}" 'map(if .id == $id then .body = $body else . end)' ;;
  *) exit 9 ;;
esac
"#;

/// The text of a recipe.
fn recipe(path: &str) -> String {
    let page = fs::read_to_string(repo("docs/ci.md")).unwrap();
    let (_, rest) = page.split_once(&format!("```yaml title=\"{path}\"\n")).expect(path);
    rest.split_once("```").unwrap().0.to_owned()
}

/// Environment and scripts of the only job of a recipe.
struct Job {
    env: HashMap<String, String>,
    scripts: Vec<(String, HashMap<String, String>)>,
}

impl Job {
    /// Reads a recipe. `known` has the values of GitHub's expressions.
    fn read(path: &str, known: &[(&str, &str)]) -> Self {
        let yaml: Value = serde_saphyr::from_str(&recipe(path)).unwrap();
        let resolve = |text: &str| {
            let filled = known
                .iter()
                .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{{ {name} }}}}"), value));
            assert!(!filled.contains("${{"), "an expression that this test does not know: {filled}");
            filled
        };
        let env = |value: &Value| -> HashMap<String, String> {
            let entries = value.as_object().into_iter().flatten();
            entries.map(|(name, value)| (name.clone(), resolve(value.as_str().unwrap()))).collect()
        };
        if path.starts_with(".gitlab") {
            let job = yaml.as_object().unwrap().values().next().unwrap();
            let lines: Vec<_> = job["script"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
            return Self { env: env(&job["variables"]), scripts: vec![(lines.join("\n"), HashMap::new())] };
        }
        let job = yaml["jobs"].as_object().unwrap().values().next().unwrap();
        let steps = job["steps"].as_array().unwrap().iter().filter(|step| step["run"].is_string());
        let scripts = steps.map(|step| (resolve(step["run"].as_str().unwrap()), env(&step["env"])));
        Self { env: env(&job["env"]), scripts: scripts.collect() }
    }
}

/// A machine of CI.
struct Runner {
    dir: TempDir,
}

impl Runner {
    fn new() -> Self {
        let runner = Self { dir: TempDir::new().unwrap() };
        fs::create_dir(runner.path("bin")).unwrap();
        fs::create_dir(runner.path("work")).unwrap();
        for (name, script) in [("docker", DOCKER), ("gh", GH)] {
            let path = runner.path("bin").join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs the scripts of a job in the folder `work`, each in a shell of its own, even where one before has failed. Returns the
    /// exit code of the job and what it printed.
    fn run(&self, job: &Job, more: &[(&str, &str)]) -> (i32, String) {
        let (mut code, mut printed) = (0, String::new());
        fs::write(self.path("path"), "").unwrap();
        for (script, env) in &job.scripts {
            let added = fs::read_to_string(self.path("path")).unwrap();
            let program = Path::new(canaryctl([""; 0]).get_program()).to_owned();
            // On GitLab the program is in the image.
            let own = if job.env.contains_key("CANARYCTL_IMAGE") {
                String::new()
            } else {
                format!("{}:", program.parent().unwrap().display())
            };
            let path = format!(
                "{}{own}{}:{}",
                added.replace('\n', ":"),
                self.path("bin").display(),
                std::env::var("PATH").unwrap()
            );
            let mut command = Command::new("bash");
            command.args(["-eo", "pipefail", "-c", script]).current_dir(self.path("work"));
            command.envs(&job.env).envs(env).env("PATH", path).env("HOME", self.dir.path());
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
            command.env("RUNNER_TEMP", self.dir.path()).env("GITHUB_PATH", self.path("path"));
            command.env("GITHUB_STEP_SUMMARY", self.path("summary")).env("COMMENTS", self.path("comments.json"));
            command.env("CANARYCTL_OF_TEST", program).envs(more.iter().copied());
            let output = command.output().unwrap();
            printed += &(text(&output.stdout) + &text(&output.stderr));
            if code == 0 {
                code = output.status.code().unwrap();
            }
        }
        (code, printed)
    }
}

/// A shop whose remote asks for a token, and its address.
fn guarded(credentials: &'static str) -> (Shop, String) {
    let shop = Shop::new("");
    shop.git(&["--git-dir=../remote.git", "config", "http.receivepack", "true"]);
    shop.git(&["--git-dir=../remote.git", "config", "uploadpack.allowFilter", "true"]);
    let minute = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60;
    let header = json!({"collector": "a", "window": 60, "since": minute - 10, "through": minute - 3, "gaps": []});
    shop.web.set("/windows", 200, "application/jsonl", header.to_string());
    let url = http(&shop.path(""), Some(credentials));
    (shop, url)
}

/// Runs a recipe until a person ends the run of the shop at 10 %, then once more.
fn rolls_out(job: &Job, credentials: &'static str, more: impl Fn(&str) -> Vec<(String, String)> + Sync) {
    let (shop, url) = guarded(credentials);
    let runner = Runner::new();
    let run = |token: &str, seconds: &str| {
        let own = [("ROLLOUT_TOKEN", token), ("ROLLOUT", "rollout.yaml"), ("INTERVAL", "1"), ("LOOP", seconds)];
        let more = more(&url);
        let more: Vec<_> = more.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(own).collect();
        runner.run(job, &more)
    };
    let (code, printed) = run("wrong", "0");
    assert!(code == 2 && printed.contains("cannot fetch main of http://"), "{printed}");
    assert_eq!(shop.count(), 1);

    let (code, printed) = thread::scope(|scope| {
        let looping = scope.spawn(|| run("secret", "120"));
        while shop.config()["CANARY_PERCENTAGE"] != 10 && !looping.is_finished() {
            thread::sleep(Duration::from_millis(50));
        }
        shop.pull();
        shop.write("cm.yaml", &shop.file("cm.yaml").replace("\"CANARY_PERCENTAGE\": 10", "\"CANARY_PERCENTAGE\": 0"));
        shop.commit("end it");
        looping.join().unwrap()
    });
    assert_eq!(code, 0, "{printed}");
    let mut states: Vec<_> = printed.lines().map(|line| line.split(',').next().unwrap()).collect();
    states.dedup();
    assert_eq!(states, ["Initializing at 0 %", "Progressing at 10 %", "Failed at 0 %"], "{printed}");
    let log = shop.git(&["--git-dir=../remote.git", "log", "--format=%an %ce %s", "main"]);
    let by_ci = log.lines().filter_map(|line| line.strip_prefix("rollout rollout@example.com rollout(frontend): "));
    let by_ci: Vec<_> = by_ci.collect();
    assert_eq!(by_ci[by_ci.len() - 2..], ["raise canary from 0 % to 10 %", "start 1.6.0 at 0 %"], "{log}");
    assert!(!printed.contains("secret"), "{printed}");
    let (code, printed) = run("secret", "120");
    assert_eq!((code, printed.lines().count()), (0, 1), "{printed}");
    assert!(printed.starts_with("Failed at 0 %"), "{printed}");
}

#[test]
fn github_rolls_out_on_a_schedule() {
    let job = Job::read(GITHUB_ROLLOUT, &[("github.token", "")]);
    // x-access-token:secret
    rolls_out(&job, "Basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0", |url| {
        [("GITHUB_SERVER_URL", url), ("GITHUB_REPOSITORY", "remote")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    });
}

#[test]
fn gitlab_rolls_out_on_a_schedule() {
    let job = Job::read(GITLAB_ROLLOUT, &[]);
    // gitlab-ci-token:secret
    rolls_out(&job, "Basic Z2l0bGFiLWNpLXRva2VuOnNlY3JldA==", |url| {
        vec![
            ("CI_PROJECT_URL".to_owned(), format!("{url}/remote")),
            ("CI_DEFAULT_BRANCH".to_owned(), "main".to_owned()),
        ]
    });
}

/// A repository that `init` has filled, with a branch `change` that raises the percentage.
struct Team {
    runner: Runner,
    base: String,
}

impl Team {
    fn new() -> Self {
        let team = Self { runner: Runner::new(), base: String::new() };
        team.git(&["init", "--quiet", "--initial-branch", "main", "."]);
        team.canaryctl(&["init", "--with", "standard", "--namespace", "shop"]);
        team.git(&["init", "--quiet", "--bare", "--initial-branch", "main", "../remote.git"]);
        let remote = format!("file://{}", team.runner.path("remote.git").display());
        team.git(&["remote", "add", "origin", &remote]);
        team.commit("start");
        team.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
        let base = team.git(&["rev-parse", "HEAD"]);
        Self { base, ..team }
    }

    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(args).current_dir(self.runner.path("work"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for (name, value) in [("NAME", "operator"), ("EMAIL", "operator@example.com")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        text(&output.stdout).trim_end().to_owned()
    }

    #[track_caller]
    fn canaryctl(&self, args: &[&str]) {
        let output = canaryctl(args).current_dir(self.runner.path("work")).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// The shallow clone of a commit, as a forge makes it, in the place of the work tree.
    fn check_out(&self, branch: &str, depth: &str) {
        self.git(&["push", "--quiet", "--force", "origin", &format!("HEAD:{branch}")]);
        let remote = format!("file://{}", self.runner.path("remote.git").display());
        fs::remove_dir_all(self.runner.path("work")).unwrap();
        fs::create_dir(self.runner.path("work")).unwrap();
        self.git(&["clone", "--quiet", "--depth", depth, "--branch", branch, &remote, "."]);
    }
}

const CONFIG: &str = "k8s/overlays/production/config/canary-config-cm.yaml";

/// What a comment says about the first change, and about one that is not valid.
fn says_the_radius(comment: &str) {
    for part in [
        "<!-- canary-frontend -->\n### Config diff: `before.yaml` → `k8s/overlays/production/config/canary-config-cm.yaml`",
        "| `CANARY_PERCENTAGE` | `0` | `10` |",
        "### What this traffic can detect\n\nAt 5 views a second: **a healthy canary is promoted after ",
        "Ladder: 1 %, 5 %, 10 %, 25 %, 50 %.",
        "| nothing boots | 20 of 20 | 0 | ",
    ] {
        assert!(comment.contains(part), "{part}: {comment}");
    }
}

fn says_what_is_wrong(comment: &str) {
    let start = "<!-- canary-frontend -->\n### The canary config or its manifests are not valid\n\n    k8s/overlays/production/config/";
    assert!(comment.starts_with(start) && comment.contains("error E109 CANARY_PERCENTAGE"), "{comment}");
}

#[test]
fn github_comments_once_on_a_pull_request() {
    let team = Team::new();
    let job = Job::read(GITHUB_CHECK, &[("github.token", "secret"), ("github.event.number", "7")]);
    let comments =
        || -> Vec<Value> { serde_json::from_slice(&fs::read(team.runner.path("comments.json")).unwrap()).unwrap() };
    let stranger = json!([{"id": 1, "user": {"login": "eve"}, "body": "<!-- canary-frontend --> mine"}]);
    fs::write(team.runner.path("comments.json"), stranger.to_string()).unwrap();
    // GitHub checks out the merge of the request into its base.
    let merge = |percentage: &str| {
        team.git(&["checkout", "--quiet", "-B", "change", &team.base]);
        let path = team.runner.path("work").join(CONFIG);
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, config.replace("\"CANARY_PERCENTAGE\": 0,", &format!("\"CANARY_PERCENTAGE\": {percentage},")))
            .unwrap();
        team.commit("change");
        team.git(&["checkout", "--quiet", "-B", "merge", &team.base]);
        team.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "change"]);
        team.check_out("merge", "2");
    };
    let run = || team.runner.run(&job, &[("GITHUB_REPOSITORY", "remote")]);

    merge("10");
    let (code, printed) = run();
    assert_eq!(code, 0, "{printed}");
    assert_eq!(comments().len(), 2, "{printed}");
    says_the_radius(comments()[1]["body"].as_str().unwrap());
    let summary = fs::read_to_string(team.runner.path("summary")).unwrap();
    assert_eq!(summary.trim_end(), comments()[1]["body"].as_str().unwrap());

    merge("\"ten\"");
    let (code, printed) = run();
    assert_eq!(code, 1, "{printed}");
    assert_eq!((comments().len(), &comments()[0]["body"]), (2, &json!("<!-- canary-frontend --> mine")), "{printed}");
    says_what_is_wrong(comments()[1]["body"].as_str().unwrap());
}

/// GitLab's API for the notes of a merge request, one on each page.
fn gitlab() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/v4", listener.local_addr().unwrap());
    let notes = Arc::new(Mutex::new(Vec::<Value>::new()));
    let kept = Arc::clone(&notes);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while reader.read_line(&mut head).unwrap_or(0) > 2 {}
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            let body = text(&body);
            let decoded = body.strip_prefix("body=").map(decode);
            let line: Vec<_> = head.lines().next().unwrap().split(' ').collect();
            let mut notes = kept.lock().unwrap();
            let answer = match (line[0], line[1].strip_prefix("/api/v4").unwrap()) {
                _ if !head.contains("PRIVATE-TOKEN: secret\r\n") => None,
                ("GET", "/user") => Some(json!({"id": 42})),
                ("GET", path) => {
                    path.strip_prefix("/projects/1/merge_requests/2/notes?per_page=100&page=").map(|page| {
                        let page: usize = page.parse().unwrap();
                        Value::Array(notes.get(page - 1).cloned().into_iter().collect())
                    })
                }
                ("POST", "/projects/1/merge_requests/2/notes") => decoded.map(|body| {
                    let note = json!({"id": notes.len() + 100, "author": {"id": 42}, "body": body});
                    notes.push(note.clone());
                    note
                }),
                ("PUT", path) => path.strip_prefix("/projects/1/merge_requests/2/notes/").and_then(|id| {
                    let note = notes.iter_mut().find(|note| note["id"].as_u64() == id.parse().ok())?;
                    note["body"] = json!(decoded?);
                    Some(note.clone())
                }),
                _ => None,
            };
            drop(notes);
            let (status, body) = answer.map_or((404, String::new()), |body| (200, body.to_string()));
            let head =
                format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            let _ = reader.into_inner().write_all(head.as_bytes());
        }
    });
    (url, notes)
}

/// Decodes a field of a form.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn gitlab_comments_once_on_a_merge_request() {
    let team = Team::new();
    let job = Job::read(GITLAB_CHECK, &[]);
    let (url, notes) = gitlab();
    notes.lock().unwrap().push(json!({"id": 1, "author": {"id": 7}, "body": "<!-- canary-frontend --> mine"}));
    let change = |percentage: &str| {
        team.git(&["fetch", "--quiet", "--depth", "1", "origin", "main"]);
        team.git(&["checkout", "--quiet", "-B", "change", "FETCH_HEAD"]);
        let path = team.runner.path("work").join(CONFIG);
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, config.replace("\"CANARY_PERCENTAGE\": 0,", &format!("\"CANARY_PERCENTAGE\": {percentage},")))
            .unwrap();
        team.commit("change");
        // One commit: the base has to be fetched.
        team.check_out("change", "1");
    };
    let run = |token: &str| {
        let env = [
            ("CI_API_V4_URL", url.as_str()),
            ("CI_PROJECT_ID", "1"),
            ("CI_MERGE_REQUEST_IID", "2"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &team.base),
            ("CANARY_COMMENT_TOKEN", token),
        ];
        team.runner.run(&job, &env)
    };
    let bodies = || -> Vec<String> {
        notes.lock().unwrap().iter().map(|note| note["body"].as_str().unwrap().to_owned()).collect()
    };

    change("10");
    let (code, printed) = run("");
    assert_eq!((code, bodies().len()), (0, 1), "{printed}");
    says_the_radius(&printed);
    let (code, printed) = run("secret");
    assert_eq!((code, bodies().len()), (0, 2), "{printed}");
    says_the_radius(&bodies()[1]);
    assert!(!printed.contains("secret"), "{printed}");

    change("\"ten\"");
    let (code, printed) = run("secret");
    assert_eq!((code, bodies().len(), bodies()[0].as_str()), (1, 2, "<!-- canary-frontend --> mine"), "{printed}");
    says_what_is_wrong(&bodies()[1]);
}

#[test]
fn init_writes_the_recipe_of_the_forge() {
    for (ci, path, file) in
        [(".github/workflows/ci.yaml", GITHUB_CHECK, "github.yaml"), (".gitlab-ci.yml", GITLAB_CHECK, "gitlab.yml")]
    {
        let template = fs::read_to_string(repo("canaryctl/src/commands/init/ci").join(file)).unwrap();
        assert_eq!(recipe(path), template, "docs/ci.md and the template of init differ");
        let dir = TempDir::new().unwrap();
        let at = |path: &str| dir.path().join(path);
        fs::create_dir_all(at(ci).parent().unwrap()).unwrap();
        fs::write(at(ci), "").unwrap();
        let init = |more: &[&str]| {
            let args = [&["init", "--with", "standard"], more].concat();
            let output = canaryctl(args).current_dir(dir.path()).output().unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
        };
        init(&[]);
        assert_eq!(fs::read_to_string(at(path)).unwrap(), template);
        init(&["--set", "app=shop", "--set", "path=deploy"]);
        let other = fs::read_to_string(at(&path.replace("frontend", "shop"))).unwrap();
        for part in [
            "<!-- canary-shop -->",
            "[\"deploy/**",
            "MANIFESTS: deploy\n",
            "CONFIG: deploy/overlays/production/config/canary-config-cm.yaml\n",
            "ROLLOUT: deploy/rollout.yaml\n",
        ] {
            assert!(other.contains(part), "{part}: {other}");
        }
        assert!(!other.contains("k8s") && !other.contains("canary-frontend"), "{other}");
    }
}
