export default { output: "export", distDir: "dist", env: { VERSION: process.env.VERSION } };
