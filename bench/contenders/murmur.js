import murmurhash from "murmurhash";
import { bootPlain } from "./plain.js";

bootPlain((text) => murmurhash.v3(text) / 2 ** 32);
