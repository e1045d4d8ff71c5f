// Builds the pages into photowave/web/static (or the folder named); the same sources give the same bytes.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../../photowave/web/static");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await esbuild.build({
  absWorkingDir: here,
  entryPoints: ["src/page.ts", "src/walk.ts", "src/gallery.ts", "src/pcm-worklet.ts", "src/style.css"],
  outdir: out,
  bundle: true,
  minify: true,
  // Plain scripts: a page that was opened as a file may not load modules.
  format: "iife",
  target: "es2022",
  external: ["*.svg"], // stays a file beside the style
  charset: "utf8",
  legalComments: "eof",
});
const walkMain = await readFile(join(here, "html/walk-main.part"), "utf8"); // two pages share it
for (const name of await readdir(join(here, "html"))) {
  if (name.endsWith(".part")) continue;
  const text = await readFile(join(here, "html", name), "utf8");
  await writeFile(join(out, name), text.replace("@MAIN@\n", () => walkMain));
}
const licence = await readFile(join(here, "node_modules/three/LICENSE"), "utf8");
await writeFile(join(out, "three-licence.txt"), `walk.js contains three.js.\n\n${licence}`);
