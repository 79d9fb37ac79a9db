// Bundles the extension: what VS Code loads at its start, and the language client, which is loaded when the server is started.
import { build } from "esbuild";

const production = process.argv.includes("--production");
const LAZY = "./languageClient";

const lazy = {
  name: "lazy",
  setup(bundle) {
    bundle.onResolve({ filter: new RegExp(`^${LAZY}$`) }, ({ kind }) =>
      kind === "dynamic-import" ? { path: `${LAZY}.js`, external: true } : undefined,
    );
  },
};

await build({
  entryPoints: ["src/extension.ts", "src/server/languageClient.ts"],
  entryNames: "[name]",
  outdir: "dist",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  plugins: [lazy],
  supported: { "dynamic-import": false }, // `require`: the editor gives its own `vscode` to that
  minify: production,
  sourcemap: !production,
  logLevel: "warning",
});
