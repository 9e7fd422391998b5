import { svelte } from "@sveltejs/vite-plugin-svelte";

export default { plugins: [svelte()], define: { __VERSION__: JSON.stringify(process.env.VERSION) } };
