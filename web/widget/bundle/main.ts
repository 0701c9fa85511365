// Builds widget/dist: the widget's script under the hash of its content, the loader that knows name and hash, the demo
// pages. The same sources give the same bytes.

import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, type Plugin, transform } from "esbuild";

const HERE = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(HERE, "dist");
const BROWSERS = ["chrome111", "edge111", "firefox113", "safari16.4"];
const MOST_BYTES = 25 * 1024;
const MOST_LOADER_BYTES = 2 * 1024;

const styles: Plugin = {
  name: "style sheets as small text",
  setup(building) {
    building.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const made = await transform(await readFile(path), { loader: "css", minify: true, target: BROWSERS });
      return { contents: made.code.trim(), loader: "text" };
    });
  },
};

async function bundle(entry: string, define: Record<string, string> = {}): Promise<Buffer> {
  const made = await build({
    absWorkingDir: HERE,
    entryPoints: [join("src", entry)],
    bundle: true,
    format: "iife",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    target: BROWSERS,
    define,
    plugins: [styles],
    write: false,
  });
  return Buffer.from(made.outputFiles[0]?.contents ?? []);
}

function integrity(content: Buffer): string {
  return `sha384-${createHash("sha384").update(content).digest("base64")}`;
}

function gzip(content: Buffer): Buffer {
  return gzipSync(content, { level: 9 });
}

function brotli(content: Buffer): Buffer {
  return brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
}

/** Whoever reads while this writes gets the old file or the new one, never half of one. */
async function put(path: string, content: Buffer | string): Promise<void> {
  await writeFile(`${path}.half`, content);
  await rename(`${path}.half`, path);
}

async function main(): Promise<void> {
  const widget = await bundle("main.ts");
  const name = `frontdesk.${createHash("sha256").update(widget).digest("hex").slice(0, 16)}.js`;
  const loader = await bundle("loader.ts", {
    ASSET: JSON.stringify(name),
    INTEGRITY: JSON.stringify(integrity(widget)),
  });
  const sizes = { widget: gzip(widget).length, loader: loader.length };
  if (sizes.widget + gzip(loader).length > MOST_BYTES) throw new Error(`The widget has ${sizes.widget} bytes gzipped`);
  if (sizes.loader > MOST_LOADER_BYTES) throw new Error(`The loader has ${sizes.loader} bytes`);

  const assets = join(DIST, "assets");
  await mkdir(assets, { recursive: true });
  await put(join(assets, `${name}.gz`), gzip(widget));
  await put(join(assets, `${name}.br`), brotli(widget));
  await put(join(assets, name), widget);
  const described = (content: Buffer) => ({
    integrity: integrity(content),
    bytes: content.length,
    gzip: gzip(content).length,
  });
  const manifest = { loader: described(loader), assets: { [name]: described(widget) } };
  await put(join(DIST, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(join(DIST, "demo"), { recursive: true, force: true });
  await cp(join(HERE, "demo"), join(DIST, "demo"), { recursive: true });
  // Last: it names what is there now.
  await put(join(DIST, "frontdesk.js"), loader);
  console.log(`${name}: ${(sizes.widget / 1024).toFixed(1)} KB gzipped; loader ${sizes.loader} bytes`);
}

await main();
