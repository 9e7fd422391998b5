export default {
  source: {
    entry: { index: "./src/main.js" },
    define: { "process.env.VERSION": JSON.stringify(process.env.VERSION) },
  },
  html: { mountId: "app", tags: [{ tag: "link", attrs: { rel: "icon", href: "data:," } }] },
};
