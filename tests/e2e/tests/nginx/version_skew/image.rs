//! What lies in an image: the files of some versions.

use canary_e2e::site_files::SiteFiles;

/// The address of a version's script.
pub(crate) fn script(version: &str) -> String {
    format!("/assets/{version}/main.js")
}

/// The address of a file of the runtime, whose name is that of its contents.
pub(crate) fn module(version: &str) -> String {
    format!("/runtime/flags_{:0>16}.js", version.replace('.', ""))
}

/// All addresses of a version.
pub(crate) fn paths(version: &str) -> [String; 4] {
    let folder = format!("/assets/{version}/");
    [script(version), module(version), format!("{folder}main.css"), format!("{folder}help.html")]
}

/// What stands in a file; more than what one buffer holds.
pub(crate) fn contents(path: &str) -> String {
    format!("/* {path} */\n").repeat(10_000)
}

/// An image with the page, which is that of the first version, and the files of all `versions`.
pub(crate) fn build(versions: &[&str]) -> SiteFiles {
    let files = SiteFiles::empty();
    files.write("index.html", versions[0]);
    files.write("404.html", "nothing here");
    for path in versions.iter().flat_map(|version| paths(version)) {
        files.write(&path, contents(&path));
        // Nobody looks into them on the way: it is enough that each is another one.
        files.write(&format!("{path}.gz"), format!("gzip of {path}"));
        files.write(&format!("{path}.br"), format!("brotli of {path}"));
    }
    files
}
