import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

const server = process.env["VESTIGE_SERVER"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/ui/",
  plugins: [solid()],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // Where the package looks for it; a build hook puts it there when the sources changed.
    outDir: process.env["VESTIGE_UI_OUT"] ?? "../src/vestige/web/static",
    emptyOutDir: true,
    target: "es2022",
    // The content policy lets no script stand in the page: small assets stay files too.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: true,
    manifest: true,
    chunkSizeWarningLimit: 400,
  },
  server: { proxy: { "/v1": server, "/timeline": server, "/ui/login": server } },
});
