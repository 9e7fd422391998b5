export default {
  devToolbar: { enabled: false },
  build: { inlineStylesheets: "never" },
  vite: { define: { __VERSION__: JSON.stringify(process.env.VERSION) }, build: { assetsInlineLimit: 0 } },
};
