//! An image with the files of several versions.

use canary_e2e::site_files::SiteFiles;

/// The path of the script of a version.
pub(crate) fn script(version: &str) -> String {
    format!("/assets/{version}/main.js")
}

/// The path of a file of the runtime, whose name has the hash of its contents.
pub(crate) fn module(version: &str) -> String {
    format!("/runtime/flags_{:0>16}.js", version.replace('.', ""))
}

/// All paths of a version.
pub(crate) fn paths(version: &str) -> [String; 4] {
    let folder = format!("/assets/{version}/");
    [script(version), module(version), format!("{folder}main.css"), format!("{folder}logo.png")]
}

/// The contents of a file, which are larger than a buffer.
pub(crate) fn contents(path: &str) -> String {
    format!("/* {path} */\n").repeat(10_000)
}

/// An image with the page of the first version and the files of all `versions`.
pub(crate) fn build(versions: &[&str]) -> SiteFiles {
    let files = SiteFiles::empty();
    files.write("index.html", versions[0]);
    files.write("404.html", "nothing here");
    for path in versions.iter().flat_map(|version| paths(version)) {
        files.write(&path, contents(&path));
        // nginx does not read compressed files, so any distinct contents will do.
        files.write(&format!("{path}.gz"), format!("gzip of {path}"));
        files.write(&format!("{path}.br"), format!("brotli of {path}"));
    }
    files
}
