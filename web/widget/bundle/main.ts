// Builds widget/dist: the chat's script under the hash of its content, the loader that knows name and hash and is there
// under its own hash too, the demo pages. The same sources give the same bytes.

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
/** Gzipped, as the most for both. */
const MOST_LOADER_BYTES = 5 * 1024;

const styles: Plugin = {
  name: "style sheets as small text",
  setup(building) {
    building.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const made = await transform(await readFile(path), { loader: "css", minify: true, target: BROWSERS });
      return { contents: made.code.trim(), loader: "text" };
    });
  },
};

/** Has Chromium (136 and later) compile every function while it reads the file, and not in the midst of running it. */
const ALL_AT_ONCE = "//# allFunctionsCalledOnLoad";

async function bundle(entry: string, define: Record<string, string> = {}, banner = ""): Promise<Buffer> {
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
    banner: { js: banner },
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

/** A file with what compresses it, which are there before it. */
async function putCoded(path: string, content: Buffer): Promise<void> {
  await put(`${path}.gz`, gzip(content));
  await put(`${path}.br`, brotli(content));
  await put(path, content);
}

function hashed(name: string, content: Buffer): string {
  return `${name}.${createHash("sha256").update(content).digest("hex").slice(0, 16)}.js`;
}

function kilobytes(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}

async function main(): Promise<void> {
  const widget = await bundle("main.ts");
  const name = hashed("frontdesk", widget);
  const known = {
    ASSET: JSON.stringify(name),
    INTEGRITY: JSON.stringify(integrity(widget)),
    HOTEL: JSON.stringify("{hotel}"),
  };
  const loader = await bundle("loader.ts", known, ALL_AT_ONCE);
  const pinned = hashed("frontdesk-loader", loader);
  const sizes = { widget: gzip(widget).length, loader: gzip(loader).length };
  const size = sizes.widget + sizes.loader;
  if (size > MOST_BYTES) throw new Error(`The widget has ${size} bytes gzipped`);
  if (sizes.loader > MOST_LOADER_BYTES) throw new Error(`The loader has ${sizes.loader} bytes gzipped`);

  const assets = join(DIST, "assets");
  await mkdir(assets, { recursive: true });
  await putCoded(join(assets, name), widget);
  await putCoded(join(assets, pinned), loader);
  const described = (content: Buffer) => ({
    integrity: integrity(content),
    bytes: content.length,
    gzip: gzip(content).length,
  });
  const manifest = { loader: { name: pinned, ...described(loader) }, assets: { [name]: described(widget) } };
  await put(join(DIST, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await rm(join(DIST, "demo"), { recursive: true, force: true });
  await cp(join(HERE, "demo"), join(DIST, "demo"), { recursive: true });
  // Last: it names what is there now.
  await putCoded(join(DIST, "frontdesk.js"), loader);
  console.log(`${name}: ${kilobytes(sizes.widget)} KB gzipped, and its loader ${kilobytes(sizes.loader)} KB`);
}

await main();
