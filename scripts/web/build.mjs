// Builds the pages into photowave/web/static (or the folder named); the same sources give the same bytes.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
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
await cp(join(here, "html/icon.svg"), join(out, "icon.svg"));
const part = (name) => readFile(join(here, "html", name), "utf8");
const frame = await part("frame.html");
const NOW = ' aria-current="page"';
const server = { DATA: "", HOME: "./", "HOME-NAME": "Photo", WALK: "walk" };
const gallery = {
  DATA: '    <script type="application/json" id="gallery-data">{}</script>\n', // filled by `photowave gallery`
  HOME: "index.html",
  "HOME-NAME": "Gallery",
  WALK: "walk.html",
};
const home = { CLASS: "", "HOME-NOW": NOW, "WALK-NOW": "" };
const walk = {
  CLASS: ' class="walking"',
  SCRIPT: "walk.js",
  SKIP: "Skip to the pictures",
  "HOME-NOW": "",
  "WALK-NOW": NOW,
  MAIN: await part("walk-main.html"),
};
const drawn = "The sounds were drawn from the photos by photowave.";
const pages = {
  "index.html": {
    ...server,
    ...home,
    TITLE: "photowave: hear a photo",
    SCRIPT: "page.js",
    SKIP: "Skip to the photo",
    "WALK-NOW": ' id="to-walk" hidden',
    MAIN: await part("index-main.html"),
    FOOTER: "The photo is read on this server and not kept.",
  },
  "walk.html": {
    ...server,
    ...walk,
    TITLE: "photowave: walk through pictures that sound",
    FOOTER: "Only pictures that you come near are read and drawn.",
  },
  "gallery.html": {
    ...gallery,
    ...home,
    TITLE: "Photos and their sounds",
    SCRIPT: "gallery.js",
    SKIP: "Skip to the photos",
    MAIN: await part("gallery-main.html"),
    FOOTER: `${drawn} They go on without a seam until stopped.`,
  },
  "gallery-walk.html": { ...gallery, ...walk, TITLE: "A walk through pictures that sound", FOOTER: drawn },
};
for (const [name, parts] of Object.entries(pages)) {
  await writeFile(join(out, name), frame.replaceAll(/@([A-Z-]+)@/g, (_, key) => parts[key]));
}
const licence = await readFile(join(here, "node_modules/three/LICENSE"), "utf8");
await writeFile(join(out, "three-licence.txt"), `walk.js contains three.js.\n\n${licence}`);
