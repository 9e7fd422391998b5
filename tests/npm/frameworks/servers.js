import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { render } from "svelte/server";
import { createSSRApp } from "vue";
import { renderToString as renderVue } from "vue/server-renderer";
import SvelteApp from "./App.svelte";
import { App as ReactApp } from "./react.js";
import { App as VueApp } from "./vue.js";

export const pages = {
  react: renderToString(createElement(ReactApp)),
  vue: await renderVue(createSSRApp(VueApp)),
  svelte: render(SvelteApp, {}).body,
};
