/** Serves a site on a free port of the loopback: HTTP/1.1 without TLS, or HTTP/2 over TLS. */
import { execFileSync } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

const types = {
  "": "text/html; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** The lifetimes of nginx/nginx.conf, for all contenders alike. */
function cacheControl(path) {
  if (path.startsWith("/config/")) return "no-store";
  if (path === "/runtime/canary.js") return "public, max-age=300, stale-while-revalidate=86400";
  const isImmutable = /^\/(assets|contender)\/|^\/runtime\/.*_[0-9a-f]{16}\.(js|wasm)$/.test(path);
  return isImmutable ? "public, max-age=31536000, immutable" : "no-cache";
}

/** A self-signed certificate. The browser accepts it by the hash of its key, so that pages are cached as usual. */
export function makeCertificate() {
  const folder = mkdtempSync(join(tmpdir(), "canary-bench-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...curve, ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
    const { publicKey } = new X509Certificate(readFileSync(cert));
    const keyHash = createHash("sha256")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("base64");
    return { key: readFileSync(key), cert: readFileSync(cert), keyHash };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {import("./site.js").Site} site
 * @param {{ key: Buffer, cert: Buffer }} [certificate] makes it HTTP/2
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serve(site, certificate) {
  const answer = (request, response) => {
    const path = request.url.replace(/\?.*/, "");
    const found = site.get(path);
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    const headers = { "content-type": types[extname(path)], "cache-control": cacheControl(path) };
    const isCompressed = found.brotli && /\bbr\b/.test(request.headers["accept-encoding"]);
    const body = isCompressed ? found.brotli : found.body;
    if (isCompressed) headers["content-encoding"] = "br";
    response.writeHead(200, { ...headers, "content-length": body.length, vary: "accept-encoding" });
    response.end(body);
  };
  const server = certificate ? http2.createSecureServer(certificate, answer) : http.createServer(answer);
  const sessions = new Set();
  server.on("session", (session) => sessions.add(session));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `${certificate ? "https" : "http"}://localhost:${server.address().port}/`;
  return {
    url,
    close: () => {
      for (const session of sessions) session.destroy();
      server.closeAllConnections?.();
      server.close();
    },
  };
}
