const { EnvironmentPlugin } = require("webpack");

module.exports = {
  pages: { index: { entry: "src/main.js", template: "page.html" } },
  configureWebpack: { plugins: [new EnvironmentPlugin(["VERSION"])] },
};
