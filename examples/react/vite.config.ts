import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // Variables with this prefix become part of the page, where everybody can read them: fine for an
  // address, never for a key.
  envPrefix: "THREADKEEPER_URL",
  // The server's CORS_ORIGINS must contain this origin.
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
});
