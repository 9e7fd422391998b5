use super::{AtomicWriter, Files, timestamp};
use crate::files::{read, temp_dir};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use time::{Duration, OffsetDateTime};

fn files(pairs: &[(&str, &str)]) -> Files {
    pairs.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// What is at the top of `dir`: each name, and where it points if it is a link.
fn listing(dir: &Path) -> BTreeMap<String, Option<String>> {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (text(Path::new(path.file_name().unwrap())), fs::read_link(&path).ok().map(|to| text(&to))))
        .collect()
}

fn data_dir(dir: &Path) -> String {
    listing(dir)["..data"].clone().unwrap()
}

#[test]
fn has_the_layout_of_kubelet() {
    let temp = temp_dir();
    let dir = temp.path().join("config");
    assert!(AtomicWriter::new(&dir).write(&files(&[
        ("canary.json", "{}"),
        ("deep/er.json", "1"),
        ("deep/est.json", "2")
    ])));
    let data = data_dir(&dir);
    assert_eq!(
        listing(&dir),
        [
            ("..data", Some(data.as_str())),
            (data.as_str(), None),
            ("canary.json", Some("..data/canary.json")),
            ("deep", Some("..data/deep")),
        ]
        .map(|(name, target)| (name.to_owned(), target.map(str::to_owned)))
        .into()
    );
    assert_eq!(read(&dir.join("canary.json")), "{}");
    assert_eq!(read(&dir.join("deep/er.json")), "1");
    let mode = |path: &str| fs::metadata(dir.join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(
        [mode("."), mode("..data"), mode("deep"), mode("canary.json"), mode("deep/er.json")],
        [0o755, 0o755, 0o755, 0o644, 0o644]
    );
}

#[test]
fn equal_contents_change_nothing() {
    let dir = temp_dir();
    let writer = AtomicWriter::new(dir.path());
    assert!(writer.write(&files(&[("a", "1"), ("b/c", "2")])));
    let before = listing(dir.path());
    assert!(!writer.write(&files(&[("a", "1"), ("b/c", "2")])));
    assert_eq!(listing(dir.path()), before);
}

#[test]
fn a_change_makes_a_new_directory_and_keeps_the_links() {
    let dir = temp_dir();
    let writer = AtomicWriter::new(dir.path());
    writer.write(&files(&[("a", "1"), ("b", "same")]));
    let old = data_dir(dir.path());
    let link = fs::symlink_metadata(dir.path().join("a")).unwrap().ino();
    assert!(writer.write(&files(&[("a", "2"), ("b", "same")])));
    assert_ne!(data_dir(dir.path()), old);
    assert!(!dir.path().join(old).exists());
    assert!(!listing(dir.path()).contains_key("..data_tmp"));
    assert_eq!(fs::symlink_metadata(dir.path().join("a")).unwrap().ino(), link);
    assert_eq!((read(&dir.path().join("a")), read(&dir.path().join("b"))), ("2".into(), "same".into()));
}

#[test]
fn keys_come_and_go() {
    let dir = temp_dir();
    let writer = AtomicWriter::new(dir.path());
    writer.write(&files(&[("a", "1"), ("d/x", "1"), ("d/y", "1")]));
    assert!(writer.write(&files(&[("d/x", "1"), ("n", "1")])));
    let names: Vec<_> = listing(dir.path()).into_keys().filter(|name| !name.starts_with("..")).collect();
    assert_eq!(names, ["d", "n"]);
    assert!(!dir.path().join("d/y").exists());
    assert!(writer.write(&Files::new()));
    assert_eq!(listing(dir.path()).len(), 2);
}

#[test]
fn a_link_that_was_lost_is_made_again() {
    let dir = temp_dir();
    let writer = AtomicWriter::new(dir.path());
    writer.write(&files(&[("a", "1")]));
    fs::remove_file(dir.path().join("a")).unwrap();
    assert!(!writer.write(&files(&[("a", "1")])));
    assert_eq!(read(&dir.path().join("a")), "1");
}

#[test]
fn refuses_what_kubelet_refuses() {
    for path in ["", "/a", "..a", "a/../b", "../a"] {
        let result = std::panic::catch_unwind(|| AtomicWriter::new(temp_dir().path()).write(&files(&[(path, "")])));
        assert!(result.is_err(), "{path:?} was accepted");
    }
}

#[test]
fn names_directories_by_the_time() {
    let t = OffsetDateTime::from_unix_timestamp(1_795_225_993).unwrap() + Duration::nanoseconds(794_732_786);
    assert_eq!(timestamp(t), "..2026_11_21_01_53_13.794732786");
}
