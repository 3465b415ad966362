/** Writes the JSON Schemas for editors into schemas/: `npm run schemas`. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { editorSchemas } from "./editor-schemas.ts";

const folder = path.resolve(import.meta.dirname, "../schemas");
mkdirSync(folder, { recursive: true });
for (const [name, text] of editorSchemas()) writeFileSync(path.join(folder, name), text);
