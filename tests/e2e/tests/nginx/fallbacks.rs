//! What `canaryctl validate` says of fallback pages (E922), and what nginx answers.

use canary_e2e::files;
use canary_e2e::http;
use canary_e2e::nginx::{self, Nginx};
use canary_e2e::site_files::SiteFiles;
use std::fmt::Write as _;
use std::process::Command;

/// What a configuration has outside of the server, and in it.
const SERVERS: [(&str, &str); 28] = [
    (r"map $uri $fallback_n01 { default /index.html; }", r"location / { try_files $uri $fallback_n01; }"),
    (r"", r"location / { if (!-f $request_filename) { rewrite ^ /index.html break; } }"),
    (r"", r"location / { location ~ ^/assets/ { try_files $uri /index.html; } try_files $uri =404; }"),
    (r"", r"location ~* \.(js|css|wasm)$ { try_files $uri /index.html =404; } location / { try_files $uri =404; }"),
    (
        r"",
        r"location / { try_files $uri @a; } location @a { try_files /nope @b; } location @b { rewrite ^ /index.html last; }",
    ),
    (r"", r"error_page 404 =200 /index.html; location / { try_files $uri =404; }"),
    (r"", r"error_page 404 /index.html; location / { try_files $uri =404; }"),
    (r"map $uri $fb_n08 { default /index.html; }", r"error_page 404 =200 $fb_n08; location / { try_files $uri =404; }"),
    (
        r"",
        r"location /assets/ { alias /usr/share/nginx/html/; try_files $uri /index.html; } location / { try_files $uri =404; }",
    ),
    (r"", r"location /assets/ { alias /usr/share/nginx/html/assets/; } location / { try_files $uri /index.html; }"),
    (
        r"",
        r"location / { proxy_pass http://127.0.0.1:9; proxy_intercept_errors on; error_page 404 502 =200 /index.html; } location = /index.html { }",
    ),
    (r"", r"index index.html; location / { try_files $uri $uri/ /; }"),
    (r"", r"location / { try_files $uri /index.html$is_args$args; }"),
    (r"", r"location / { try_files $uri /index.html?q=$uri&$args; }"),
    (r"", r"location / { try_files $uri $document_root/index.html /index.html; }"),
    (r"", r"location ~ ^/(?!api) { try_files $uri /index.html; } location / { try_files $uri =404; }"),
    (r"", r"rewrite ^/(?!index) /index.html last; location / { }"),
    (r"", r#"if ($uri !~ "\.html$") { rewrite ^ /index.html last; } location / { try_files $uri =404; }"#),
    (r"", r"location / { try_files $uri /index.html; } location ~ ^/(assets|runtime|config)/ { try_files $uri =404; }"),
    (r"", r#"location / { try_files $uri =404; error_page 404 = @x; } location @x { return 200 "<html>"; }"#),
    (r"", r#"location /assets/ { return 200 "<html></html>"; } location / { try_files $uri =404; }"#),
    (
        r"",
        r"recursive_error_pages on; error_page 404 = /fallback; location /fallback { try_files /index.html =404; } location / { try_files $uri =404; }",
    ),
    (r"", r#"location "/" { try_files "$uri" "/index.html"; }"#),
    (
        r"",
        r"location / { # { ;
 try_files $uri # x
 /index.html; }",
    ),
    (r"", r"location / { try_files $uri /app/index.html; }"),
    (r"", r"location / { try_files $uri $uri.html =404; }"),
    (r"", r"location / { if (!-e $request_filename) { return 404; } try_files $uri /index.html; }"),
    (r"", r"set $page_n43 /index.html; location / { try_files $uri $page_n43; }"),
];

/// A missing script, a missing module, and the config, which is missing as well.
const MISSING: [&str; 3] = ["/assets/0.0.0/gone.js", "/runtime/canary_0123456789abcdef.wasm", "/config/canary.json"];

#[test]
fn validate_says_what_nginx_does() {
    let files = SiteFiles::empty();
    for page in ["index.html", "200.html", "app/index.html"] {
        files.write(page, "<!doctype html>a page");
    }
    // One nginx, in which each server has an address of its own.
    let mut servers = String::new();
    for (number, (outside, inside)) in SERVERS.iter().enumerate() {
        let _ = writeln!(
            servers,
            "{outside} server {{ listen 127.0.1.{}:PORT; root /usr/share/nginx/html; {inside}\n}}",
            number + 1
        );
    }
    let port = canary_e2e::process::free_port();
    let servers = servers.replace("PORT", &port.to_string());
    let _nginx = Nginx::start_with(files.root(), |config| {
        nginx::replace(config, "nginx.conf", "    server {\n", &format!("{servers}\n    server {{\n"));
    });
    let folder = files::temp_dir();
    let (mut wrong, mut pages) = (Vec::new(), 0);
    for (number, (outside, inside)) in SERVERS.iter().enumerate() {
        let is_page = |path: &&&str| {
            let answer = http::get(&format!("http://127.0.1.{}:{port}{path}", number + 1), &[]);
            answer.status == 200 && answer.text().starts_with('<')
        };
        let answers = MISSING.iter().filter(is_page).count();
        let file = folder.path().join("nginx.conf");
        files::write(&file, format!("http {{ {outside} server {{ root /srv; {inside}\n}} }}"));
        let canaryctl =
            std::env::var_os("CANARYCTL").map_or_else(|| files::repo("target/release/canaryctl"), Into::into);
        let output = Command::new(canaryctl).arg("validate").arg(&file).output().expect("canaryctl runs");
        let says = String::from_utf8_lossy(&output.stdout).contains("error E922 ");
        if says != (answers > 0) {
            wrong.push(format!("{outside} {inside}: {answers} pages, {}", String::from_utf8_lossy(&output.stdout)));
        }
        pages += usize::from(answers > 0);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pages > 15 && SERVERS.len() - pages >= 4, "{pages} of {} answer with a page", SERVERS.len());
}
