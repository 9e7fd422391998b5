import { canary } from "canary-runtime";
import { show } from "./show.js";
import "./lazy.css";

export const open = () => show("lazy", canary.getStringValue("search-ranking", "v1"));
