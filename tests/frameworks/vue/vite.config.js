import vue from "@vitejs/plugin-vue";

export default { plugins: [vue()], define: { __VERSION__: JSON.stringify(process.env.VERSION) } };
