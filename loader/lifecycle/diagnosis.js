/** What became of a script that did not load, if it can be told: a page alone cannot. */
export async function diagnose(fault, address, { scripts }) {
  try {
    const reply = await fetch(address, { cache: "no-store" });
    if (!reply.ok) return `E401 ${address} answered ${reply.status}`;
    if (/html/.test(reply.headers.get("content-type"))) return `E402 ${address} is a web page`;
  } catch {
    return fault;
  }
  const { integrity } = scripts.find(({ src }) => src === address) ?? {};
  if (!integrity) return fault;
  // It may be a part of it that is missing.
  const differs = () => `E408 ${address} does not match its integrity`;
  return fetch(address, { cache: "no-store", integrity }).then(() => fault, differs);
}
