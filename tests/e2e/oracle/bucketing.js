/** Buckets and percentages, from `crypto.subtle` and arithmetic alone. */

const encoder = new TextEncoder();

export const sha256 = (text) => crypto.subtle.digest("SHA-256", encoder.encode(text));

export async function bucket({ domain, salt, key }) {
  const head = new DataView(await sha256(`${domain}:${salt}:${key}`)).getUint32(0, false);
  return Number((BigInt(head) * 100_000n) >> 32n);
}

/** How many buckets a percentage takes, or null where it is none: the rule in double arithmetic. */
export function buckets(percentage) {
  const count = Math.round(percentage * 1000);
  return percentage >= 0 && percentage <= 100 && count / 1000 === percentage ? count : null;
}

/** The same from the digits as they are written, without any arithmetic on fractions. */
export function bucketsByDigits(percentage) {
  const [whole, fraction = ""] = String(percentage).split(".");
  return Number(BigInt(whole + fraction.padEnd(3, "0")));
}

/** The name of the variant whose range has this bucket. Ranges follow each other as written, their ends rounded down. */
export function pickVariant(variants, bucket) {
  const total = Object.values(variants).reduce((sum, { weight }) => sum + BigInt(weight), 0n);
  let cumulative = 0n;
  for (const [name, { weight }] of Object.entries(variants)) {
    cumulative += BigInt(weight);
    if (BigInt(bucket) < (100_000n * cumulative) / total) return name;
  }
}
