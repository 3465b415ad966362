/** The container file: what can be said of it without running it. No root, nothing fetched, the unit's own command, and a check of its health. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { Script } from "node:vm";
import { parse } from "yaml";
import { z } from "zod";

const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

interface Instruction {
  readonly name: string;
  readonly words: string;
}

/** The last stage's instructions, in order; those of the stages before beside them. */
function instructionsOf(text: string): { readonly before: readonly Instruction[]; readonly last: readonly Instruction[] } {
  const all = text
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line): Instruction => {
      const [, name = "", words = ""] = /^([A-Z]+) +(.+)$/u.exec(line) ?? assert.fail(`no instruction: ${line}`);
      return { name, words };
    });
  const at = all.findLastIndex(({ name }) => name === "FROM");
  return { before: all.slice(0, at), last: all.slice(at) };
}

describe("the container file", () => {
  const { before, last } = instructionsOf(read("deploy/container/Containerfile"));
  const only = (name: string): string => {
    const found = last.filter((one) => one.name === name);
    assert.equal(found.length, 1, name);
    return found[0]!.words;
  };

  test("has instructions that there are, and arguments in JSON where they are to be run as they stand", () => {
    const known = [
      "FROM",
      "ARG",
      "COPY",
      "RUN",
      "LABEL",
      "ENV",
      "USER",
      "WORKDIR",
      "VOLUME",
      "HEALTHCHECK",
      "STOPSIGNAL",
      "ENTRYPOINT",
      "CMD",
    ];
    for (const { name } of [...before, ...last]) assert.ok(known.includes(name), name);
    for (const name of ["ENTRYPOINT", "CMD", "VOLUME"]) assert.ok(Array.isArray(JSON.parse(only(name))), name);
    const [, check = ""] = /^(?:--\S+ )*CMD (\[.*\])$/u.exec(only("HEALTHCHECK")) ?? [];
    const [program, , script = ""] = JSON.parse(check) as string[];
    assert.equal(program, "/usr/lib/watchkeeper/runtime/node");
    assert.match(script, /127\.0\.0\.1:9824\/-\/healthy/u);
    assert.doesNotThrow(() => new Script(script));
  });

  test("is nobody's who has rights, fetches nothing, and runs no command in the image that is shipped", () => {
    assert.match(only("USER"), /^[1-9]\d{3,}:[1-9]\d{3,}$/u);
    assert.deepEqual(
      last.filter(({ name }) => name === "RUN"),
      [],
    );
    for (const { words } of [...before, ...last]) assert.doesNotMatch(words, /\b(?:apt|apk|curl|wget|npm)\b|https:/u);
    for (const { words } of [...before, ...last].filter(({ name }) => name === "FROM")) assert.match(words, /:[\w.-]+(?: AS \w+)?$/u);
  });

  test("starts the poller as the unit does, and copies what the bundle installs", () => {
    const unit = /^ExecStart=(\S+ \S+) run/mu.exec(read("deploy/systemd/watchkeeper.service"))?.[1];
    assert.equal((JSON.parse(only("ENTRYPOINT")) as string[]).join(" "), unit);
    for (const { words } of last.filter(({ name }) => name === "COPY"))
      assert.match(words, /^--from=unpacked (\/usr\/(?:lib|bin|share\/doc)\/watchkeeper) \1$/u);
  });
});

/** Of the Compose Specification (https://compose-spec.io) what may stand here, so that a typing error is not an option that nobody reads. */
const duration = z.string().regex(/^(?:\d+(?:h|m|s))+$/u);
const service = z.strictObject({
  image: z.string().regex(/^[a-z0-9./-]+:[\w.-]+$/u),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string().regex(/^[A-Z_]+$/u), z.string()).optional(),
  network_mode: z.literal("host"),
  restart: z.enum(["no", "always", "on-failure", "unless-stopped"]),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string().startsWith("/")).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  user: z.string().optional(),
  pids_limit: z.int().positive().optional(),
  mem_limit: z
    .string()
    .regex(/^\d+[kmg]$/u)
    .optional(),
  stop_grace_period: duration.optional(),
  volumes: z.array(z.string().regex(/^(?:\.\.\/|\/|[a-z]+:|\$\{\w+[^}]*\}:)[^:]*(?::\/[^:]+)?(?::ro)?$/u)),
});
const compose = z.strictObject({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.strictObject({})) });

describe("the compose file", () => {
  const file: unknown = parse(read("deploy/compose/compose.yaml"));

  test("has keys of the Compose Specification alone, each of the right kind, and volumes that are declared", () => {
    const { services, volumes } = compose.parse(file);
    const named = Object.values(services).flatMap((one) => one.volumes.flatMap((volume) => /^([a-z]+):/u.exec(volume)?.[1] ?? []));
    assert.deepEqual(named.toSorted(), Object.keys(volumes).toSorted());
    const mistyped = { ...compose.parse(file), services: { poller: { ...services["watchkeeper"], readonly: true } } };
    assert.equal(compose.safeParse(mistyped).success, false, "a key that is misspelt would be found");
  });

  test("has a poller that is that image, without a right, a writable root or a port", () => {
    const { services } = parse(read("deploy/compose/compose.yaml")) as {
      readonly services: { readonly watchkeeper: Readonly<Record<string, unknown>> };
    };
    const { watchkeeper } = services;
    assert.deepEqual(watchkeeper["build"], { context: "../../packages", dockerfile: "../deploy/container/Containerfile" });
    assert.deepEqual(
      [watchkeeper["read_only"], watchkeeper["cap_drop"], watchkeeper["security_opt"]],
      [true, ["ALL"], ["no-new-privileges:true"]],
    );
    assert.doesNotMatch(String(watchkeeper["user"]), /:-0/u);
    assert.ok((watchkeeper["volumes"] as readonly string[]).includes("/etc/machine-id:/etc/machine-id:ro"), "it stays the same machine");
  });
});
