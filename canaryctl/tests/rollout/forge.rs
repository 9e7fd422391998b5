//! Stand-ins of GitHub's and GitLab's APIs for pull requests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// What a forge has, and how it fails.
#[derive(Default)]
pub(crate) struct Pulls {
    pub(crate) is_gitlab: bool,
    asked: Vec<Asked>,
    all: Vec<Value>,
    /// Answers everything with this instead: a status, a body, and a header line.
    failure: Option<(u16, Value, String)>,
    /// Never answers.
    pub(crate) is_silent: bool,
}

/// A forge's API on a free port, until the end of the test.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) state: Arc<Mutex<Pulls>>,
}

impl Api {
    pub(crate) fn start(is_gitlab: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let api = Self { url, state: Arc::new(Mutex::new(Pulls { is_gitlab, ..Pulls::default() })) };
        let state = Arc::clone(&api.state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                thread::spawn(move || answer(stream, &state));
            }
        });
        api
    }

    /// What was asked since the last call.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// The states of all pull requests.
    pub(crate) fn states(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.all.iter().map(|pull| pull["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Closes all that are open.
    pub(crate) fn close(&self, is_merged: bool, sha: &str) {
        let mut state = self.state.lock().unwrap();
        let is_gitlab = state.is_gitlab;
        for pull in state.all.iter_mut().filter(|pull| pull["state"].as_str().unwrap().starts_with("open")) {
            pull["state"] = json!(if is_gitlab && is_merged { "merged" } else { "closed" });
            pull["merged_at"] = if is_merged { json!("2026-11-30T10:05:00Z") } else { json!(null) };
            if is_gitlab {
                pull["sha"] = json!(sha);
            } else {
                pull["head"]["sha"] = json!(sha);
            }
        }
    }

    pub(crate) fn fail(&self, failure: Option<(u16, Value, &str)>) {
        self.state.lock().unwrap().failure = failure.map(|(status, body, header)| (status, body, header.to_owned()));
    }
}

fn answer(stream: TcpStream, state: &Mutex<Pulls>) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.trim().split_once(": ").unwrap();
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    let _ = reader.read_exact(&mut body);
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap_or_default().to_owned());
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, header, text) = {
        let mut state = state.lock().unwrap();
        state.asked.push(Asked { method: method.clone(), target: target.clone(), headers, body: body.clone() });
        if state.is_silent {
            drop(state);
            // Until the client has gone away.
            let _ = reader.read(&mut [0]);
            return;
        }
        let (status, answer) = match &state.failure {
            Some((status, body, _)) => (*status, body.clone()),
            None => state.answer(&method, target.split('?').next().unwrap(), &body),
        };
        let header = state.failure.as_ref().map(|(_, _, header)| header.clone()).unwrap_or_default();
        (status, header, answer.to_string())
    };
    let mut stream = reader.into_inner();
    let head = format!("HTTP/1.1 {status} x\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n", text.len());
    let _ = stream.write_all((head + &text).as_bytes());
}

impl Pulls {
    fn answer(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let root = if self.is_gitlab {
            "/api/v4/projects/shop%2Fdeploy/merge_requests"
        } else {
            "/api/v3/repos/shop/deploy/pulls"
        };
        let number = path.strip_prefix(root).map(|rest| rest.trim_start_matches('/'));
        let (open, text) = if self.is_gitlab { ("opened", "description") } else { ("open", "body") };
        match (method, number) {
            ("GET", Some("")) => (200, json!(self.all.iter().rev().collect::<Vec<_>>())),
            ("POST", Some("")) if self.all.iter().any(|pull| pull["state"] == open) => {
                if self.is_gitlab {
                    return (
                        409,
                        json!({"message": ["Another open merge request already exists for this source branch: !1"]}),
                    );
                }
                let error = "A pull request already exists for shop:rollout/frontend.";
                (
                    422,
                    json!({"message": "Validation Failed", "errors": [{"resource": "PullRequest", "code": "custom", "message": error}]}),
                )
            }
            ("POST", Some("")) => {
                let number = self.all.len() + 1;
                let mut pull = json!({"state": open, "title": body["title"], text: body[text], "merged_at": null});
                if self.is_gitlab {
                    pull["iid"] = json!(number);
                    pull["web_url"] =
                        json!(format!("https://gitlab.example.com/shop/deploy/-/merge_requests/{number}"));
                    pull["sha"] = json!("0");
                } else {
                    pull["number"] = json!(number);
                    pull["html_url"] = json!(format!("https://github.com/shop/deploy/pull/{number}"));
                    pull["head"] = json!({"sha": "0"});
                }
                self.all.push(pull.clone());
                (201, pull)
            }
            ("PATCH" | "PUT", Some(number)) => {
                let pull = &mut self.all[number.parse::<usize>().unwrap() - 1];
                pull["title"] = body["title"].clone();
                pull[text] = body[text].clone();
                (200, pull.clone())
            }
            _ => (404, json!({"message": "404 Not Found"})),
        }
    }
}
