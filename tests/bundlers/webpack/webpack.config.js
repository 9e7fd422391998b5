import HtmlWebpackPlugin from "html-webpack-plugin";
import MiniCssExtractPlugin from "mini-css-extract-plugin";
import webpack from "webpack";

export default {
  mode: "production",
  entry: "./src/main.js",
  output: { filename: "[name].[contenthash].js", publicPath: "/", clean: true },
  module: { rules: [{ test: /\.css$/, use: [MiniCssExtractPlugin.loader, "css-loader"] }] },
  plugins: [
    new HtmlWebpackPlugin({ templateContent: '<link rel="icon" href="data:,"><div id="app"></div>' }),
    new MiniCssExtractPlugin({ filename: "[name].[contenthash].css" }),
    new webpack.EnvironmentPlugin(["VERSION"]),
  ],
};
