// A second opinion on the vectors, written from the contract alone: none of the product's code is used.

const encoder = new TextEncoder();

async function bucket({ domain, salt, key }) {
  const hash = await crypto.subtle.digest("SHA-256", encoder.encode(`${domain}:${salt}:${key}`));
  const head = new DataView(hash).getUint32(0, false);
  return Number((BigInt(head) * 100_000n) >> 32n);
}

/** How many buckets a percentage takes, or null where it is none: the rule in double arithmetic. */
function buckets(percentage) {
  const count = Math.round(percentage * 1000);
  return percentage >= 0 && percentage <= 100 && count / 1000 === percentage ? count : null;
}

/** The same from the digits as they are written, without any arithmetic on fractions. */
function bucketsByDigits(percentage) {
  const [whole, fraction = ""] = String(percentage).split(".");
  return Number(BigInt(whole + fraction.padEnd(3, "0")));
}

/** What is not as the file has it, and how much was looked at. */
async function checkBucketing(file) {
  const { cases } = await (await fetch(file)).json();
  const buckets = await Promise.all(cases.map(bucket));
  return { count: cases.length, wrong: cases.filter((vector, index) => vector.bucket !== buckets[index]) };
}

async function checkPercentages(file) {
  const { valid, invalid } = await (await fetch(file)).json();
  const differs = (vector) =>
    buckets(vector.percentage) !== vector.buckets || bucketsByDigits(vector.percentage) !== vector.buckets;
  const wrong = [...valid.filter(differs), ...invalid.filter((percentage) => buckets(percentage) !== null)];
  return { valid: valid.length, invalid: invalid.length, wrong };
}

Object.assign(globalThis, { checkBucketing, checkPercentages });
