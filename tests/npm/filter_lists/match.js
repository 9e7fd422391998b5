/** Prints, as JSON, which of some requests the filter lists block: `match.js LISTS`, the requests as JSON on standard input. */
import { readFileSync } from "node:fs";
import { FiltersEngine, Request } from "@ghostery/adblocker";

const [, , lists] = process.argv;
const texts = ["easylist.txt", "easyprivacy.txt"].map((name) => readFileSync(`${lists}/${name}`, "utf8"));
const rules = texts.map((text) => FiltersEngine.parse(text).getFilters().networkFilters.length);
const engine = FiltersEngine.parse(texts.join("\n"));
const blocked = JSON.parse(readFileSync(0, "utf8")).filter((details) => engine.match(Request.fromRawDetails(details)).match);
console.log(JSON.stringify({ rules, blocked: blocked.map(({ url, type }) => `${type} ${url}`) }));
