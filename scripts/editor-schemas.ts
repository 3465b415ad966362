/** JSON Schemas for editors, made from the very definitions that the loader uses. */
import { z } from "zod";
import { credentialsSchema } from "../src/config/schema/credentials.ts";
import { notifySchema } from "../src/config/schema/notify.ts";
import { profileSchema } from "../src/config/schema/profile.ts";
import { siteProfileSchema } from "../src/config/schema/site-profile.ts";
import { watchlistSchema } from "../src/config/schema/watchlist.ts";
import { webConfigSchema } from "../src/config/schema/web-config.ts";
import { settingFormats, settings } from "../src/config/settings-schema.ts";

type Json = Record<string, unknown>;

/** The text of each file in schemas/, by its name. */
export function editorSchemas(): ReadonlyMap<string, string> {
  const schemas: readonly (readonly [string, object])[] = [
    ["watchkeeper", settingsSchema()],
    ["watchlist", fromZod(watchlistSchema)],
    ["credentials", fromZod(credentialsSchema)],
    ["web-config", fromZod(webConfigSchema)],
    ["notify", fromZod(notifySchema)],
    ["device-profile", fromZod(profileSchema)],
    ["site-profile", fromZod(siteProfileSchema)],
  ];
  return new Map(schemas.map(([name, schema]) => [`${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`]));
}

/** What a person writes: durations are texts, defaults may be left out. */
function fromZod(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { io: "input" });
}

function settingsSchema(): Json {
  const properties: Record<string, Json> = {};
  const groups = new Map<string, Record<string, Json>>();
  for (const { path, fallback, format, doc } of settings) {
    const [first, second] = path;
    const property = { description: doc, ...settingFormats[format].jsonSchema, ...(fallback === null ? {} : { default: fallback }) };
    if (second === undefined) properties[first] = property;
    else {
      const members = groups.get(first) ?? {};
      members[second] = property;
      groups.set(first, members);
      properties[first] = { description: `Settings of ${first}.`, type: "object", properties: members, additionalProperties: false };
    }
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "watchkeeper.yaml",
    description: "The settings of one site.",
    type: "object",
    properties,
    required: ["site"],
    additionalProperties: false,
  };
}
