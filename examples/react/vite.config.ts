import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // What begins so gets into the page, for everybody to read: an address may, a key may not.
  envPrefix: "THREADKEEPER_URL",
  // The origin that the server's CORS_ORIGINS names.
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
});
