//! The address at which a forge opens a pull request.

/// The address for a branch: the one that the remote itself names in its answer, else the one of a known forge.
pub(crate) fn pull_request(answer: &str, remotes: &[String], base: &str, branch: &str) -> Option<String> {
    let own = answer.lines().filter_map(|line| line.strip_prefix("remote:"));
    let mut words = own.flat_map(str::split_whitespace);
    let named = words.find(|word| {
        (word.starts_with("https://") || word.starts_with("http://"))
            && ["/pull", "merge_requests", "/compare/"].iter().any(|part| word.contains(part))
    });
    named.map(str::to_owned).or_else(|| remotes.iter().find_map(|remote| known(remote, base, branch)))
}

fn known(remote: &str, base: &str, branch: &str) -> Option<String> {
    let (host, path) = split(remote)?;
    let name = escape(branch);
    let has = |word: &str| host == format!("{word}.com") || host.starts_with(&format!("{word}."));
    let page = if has("github") {
        format!("pull/new/{name}")
    } else if has("gitlab") {
        format!("-/merge_requests/new?merge_request%5Bsource_branch%5D={}", name.replace('/', "%2F"))
    } else if host == "bitbucket.org" {
        format!("pull-requests/new?source={}", name.replace('/', "%2F"))
    } else if host == "codeberg.org" || has("gitea") || has("forgejo") {
        format!("compare/{}...{name}", escape(base))
    } else if host == "dev.azure.com" {
        format!("pullrequestcreate?sourceRef={}", name.replace('/', "%2F"))
    } else {
        return None;
    };
    Some(format!("https://{host}/{path}/{page}"))
}

/// Scheme, host and port of a forge's pages and API.
pub(crate) fn origin(remote: &str) -> Option<String> {
    let (host, _) = split(remote)?;
    match remote.split_once("://") {
        Some((scheme @ ("https" | "http"), rest)) => {
            Some(format!("{scheme}://{}", rest.split('/').next()?.rsplit('@').next()?.to_ascii_lowercase()))
        }
        _ => Some(format!("https://{host}")),
    }
}

/// Host and path of `https://HOST/PATH.git`, `ssh://git@HOST:22/PATH` or `git@HOST:PATH`.
pub(crate) fn split(remote: &str) -> Option<(String, String)> {
    let (rest, separator) = match remote.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => (rest, '/'),
        Some(_) => return None,
        None => (remote, ':'),
    };
    let (authority, path) = rest.split_once(separator)?;
    let host = authority.rsplit('@').next()?.split(':').next()?.to_ascii_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    // The host of ssh over the port of https.
    let host = host.strip_prefix("ssh.").map(str::to_owned).unwrap_or(host);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte);
    (!path.is_empty() && path.bytes().chain(host.bytes()).all(is_plain)).then_some((host, path.to_owned()))
}

/// A name in an address; slashes stay.
pub(crate) fn escape(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let one = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_forges_have_an_address() {
        for (remote, expected) in [
            ("https://github.com/a/b.git", Some("https://github.com/a/b/pull/new/x/y")),
            ("git@github.com:a/b.git", Some("https://github.com/a/b/pull/new/x/y")),
            ("ssh://git@ssh.github.com:443/a/b", Some("https://github.com/a/b/pull/new/x/y")),
            ("https://token:x@GitHub.com/a/b/", Some("https://github.com/a/b/pull/new/x/y")),
            (
                "git@gitlab.example.com:group/sub/b.git",
                Some(
                    "https://gitlab.example.com/group/sub/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=x%2Fy",
                ),
            ),
            ("https://bitbucket.org/a/b", Some("https://bitbucket.org/a/b/pull-requests/new?source=x%2Fy")),
            ("https://codeberg.org/a/b.git", Some("https://codeberg.org/a/b/compare/main...x/y")),
            ("https://git.example.com/a/b.git", None),
            ("https://github.com.evil.example/a/\u{1b}", None),
            ("./remote.git", None),
            ("/srv/github.com/a", None),
            ("file:///srv/a", None),
        ] {
            assert_eq!(pull_request("", &[remote.to_owned()], "main", "x/y").as_deref(), expected, "{remote}");
        }
    }

    #[test]
    fn an_origin_has_the_port_and_no_secret() {
        for (remote, expected) in [
            ("https://token:x@Git.example.com:8443/a/b.git", Some("https://git.example.com:8443")),
            ("git@git.example.com:a/b.git", Some("https://git.example.com")),
            ("ssh://git@git.example.com:2222/a/b.git", Some("https://git.example.com")),
            ("/srv/a", None),
        ] {
            assert_eq!(origin(remote).as_deref(), expected, "{remote}");
        }
    }

    #[test]
    fn the_address_of_the_remote_comes_first() {
        let answer = "remote: \nremote: To create a merge request for x, visit:        \nremote:   https://git.example.com/a/-/merge_requests/new?x=1        \n";
        let found = pull_request(answer, &["https://github.com/a/b".to_owned()], "main", "x");
        assert_eq!(found.as_deref(), Some("https://git.example.com/a/-/merge_requests/new?x=1"));
    }
}
