import { sha256 } from "@noble/hashes/sha2.js";
import { bootPlain } from "./plain.js";

const encoder = new TextEncoder();

bootPlain((text) => new DataView(sha256(encoder.encode(text)).buffer).getUint32(0) / 2 ** 32);
