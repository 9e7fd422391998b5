/** Starts Vite's development server on a free port, and prints its URL. */
import { createServer } from "vite";

const server = await createServer({ root: import.meta.dirname, logLevel: "error", server: { port: 0, host: "127.0.0.1" } });
await server.listen();
console.log(`http://127.0.0.1:${server.httpServer.address().port}/`);
