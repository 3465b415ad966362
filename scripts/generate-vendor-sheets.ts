/** Writes docs/for-vendors: `npm run docs:vendors`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { vendorSheets } from "./vendor-sheets.ts";

const folder = path.resolve(import.meta.dirname, "../docs/for-vendors");
mkdirSync(folder, { recursive: true });
const sheets = vendorSheets();
for (const name of readdirSync(folder)) if (!sheets.has(name)) rmSync(path.join(folder, name));
for (const [name, text] of sheets) writeFileSync(path.join(folder, name), text);
