export default defineNuxtConfig({
  ssr: false,
  telemetry: false,
  compatibilityDate: "2025-07-01",
  vite: { define: { __VERSION__: JSON.stringify(process.env.VERSION) } },
  app: { head: { link: [{ rel: "icon", href: "data:," }] } },
});
