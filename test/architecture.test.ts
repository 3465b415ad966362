/** Holds src and simulators to the layer table, and proves with planted violations that every rule of it bites. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { staleBuiltins, violations } from "./support/architecture.ts";
import { readSources } from "./support/source-tree.ts";

function planted(file: string, text: string, builtins: Record<string, string[]> = {}): string[] {
  return violations(new Map([[file, text]]), builtins);
}

describe("the project's own files", () => {
  const texts = readSources(["src", "simulators"]);

  test("import only what the layer table allows", () => {
    assert.deepEqual(violations(texts), []);
  });

  test("use every builtin they are allowed", () => {
    assert.deepEqual(staleBuiltins(texts), []);
  });
});

describe("a planted import is refused", () => {
  const cases: readonly [what: string, file: string, text: string, refusal: RegExp][] = [
    ["the domain importing a neighbour", "src/domain/plan.ts", 'import { x } from "../config/settings.ts";', /src\/domain\/ may not/],
    ["the domain importing a package", "src/domain/plan.ts", 'import { z } from "zod";', /package zod/],
    ["the domain importing a harmless builtin", "src/domain/plan.ts", 'import path from "node:path";', /the domain imports nothing/],
    ["a type-only import", "src/safety/gate.ts", 'import type { A } from "../wire/tcp.ts";', /src\/safety\/ may not/],
    ["an inline type import", "src/safety/gate.ts", 'type A = import("../wire/tcp.ts").A;', /src\/safety\/ may not/],
    ["a dynamic import", "src/safety/gate.ts", 'const a = await import("../wire/tcp.ts");', /src\/safety\/ may not/],
    ["a dynamic import in a template literal", "src/safety/gate.ts", "const a = await import(`../wire/tcp.ts`);", /src\/safety\/ may not/],
    ["an import for its effects", "src/safety/gate.ts", 'import "../wire/tcp.ts";', /src\/safety\/ may not/],
    ["an export from elsewhere", "src/safety/gate.ts", 'export { a } from "../wire/tcp.ts";', /src\/safety\/ may not/],
    ["an export of everything elsewhere", "src/safety/gate.ts", 'export * from "../wire/tcp.ts";', /src\/safety\/ may not/],
    ["an import by require", "src/safety/gate.ts", 'import wire = require("../wire/tcp.ts");', /src\/safety\/ may not/],
    ["an augmented package", "src/safety/gate.ts", 'declare module "fastify" {}', /package fastify/],
    ["a package's subpath", "src/safety/gate.ts", 'import x from "zod/v4/core";', /package zod/],
    ["a scoped package", "src/safety/gate.ts", 'import x from "@fastify/static/deep";', /package @fastify\/static/],
    [
      "the product importing a simulator",
      "src/main.ts",
      'import { x } from "../simulators/main.ts";',
      /simulators\/main\.ts, which src\/main\.ts may not/,
    ],
    ["the product importing a test", "src/main.ts", 'import { x } from "../test/support/x.ts";', /test\/support\/x\.ts, which/],
    ["the product importing a manifest", "src/main.ts", 'import x from "../package.json" with { type: "json" };', /ending \.ts/],
    [
      "one protocol importing another",
      "src/drivers/enip/driver.ts",
      'import { x } from "../modbus/methods.ts";',
      /src\/drivers\/enip\/ may not/,
    ],
    ["one protocol importing another's package", "src/drivers/enip/driver.ts", 'import m from "modbus-serial";', /package modbus-serial/],
    [
      "st-ethernet-ip as a whole, with its Browser and its Controller",
      "src/drivers/enip/driver.ts",
      'const { Browser, Controller } = await import("st-ethernet-ip");',
      /imports st-ethernet-ip: of st-ethernet-ip only/,
    ],
    [
      "the Browser of st-ethernet-ip by its path",
      "src/drivers/enip/driver.ts",
      'import browser from "st-ethernet-ip/dist/browser/index.js";',
      /dist\/browser\/index\.js: of st-ethernet-ip only/,
    ],
    [
      "the sockets of st-ethernet-ip in a simulator",
      "simulators/enip/x.ts",
      'import { ENIP } from "st-ethernet-ip/dist/enip/index.js";',
      /dist\/enip\/index\.js: of st-ethernet-ip only/,
    ],
    ["node-snap7 outside its child process", "src/drivers/s7/driver.ts", 'import s from "node-snap7";', /package node-snap7/],
    ["a driver importing the wire", "src/drivers/s7/driver.ts", 'import { x } from "../../wire/tcp.ts";', /src\/drivers\/s7\/ may not/],
    ["a command importing a store", "src/cli/status.ts", 'import { x } from "../store/board.ts";', /src\/cli\/ may not/],
    ["a simulator importing the wire", "simulators/x.ts", 'import { x } from "../src/wire/tcp.ts";', /simulators\/ may not/],
    ["a simulator importing the web server", "simulators/x.ts", 'import f from "fastify";', /package fastify/],
    ["an ending other than .ts", "src/safety/gate.ts", 'import { x } from "./permit.js";', /ending \.ts/],
    ["a folder without a layer", "src/helpers/x.ts", "export const x = 1;", /belongs to no layer/],
  ];
  for (const [what, file, text, refusal] of cases) {
    test(what, () => {
      const found = planted(file, text);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", refusal);
      assert.ok(found[0]?.startsWith(`${file}:1 `));
    });
  }

  test("of any sort, on the line it stands on", () => {
    assert.deepEqual(planted("src/safety/gate.ts", '/** x */\n\nimport "../wire/tcp.ts";'), [
      "src/safety/gate.ts:3 imports src/wire/tcp.ts, which src/safety/ may not",
    ]);
  });
});

describe("a planted builtin is refused", () => {
  const doors = ["node:net", "node:dgram", "node:child_process", "node:diagnostics_channel"];
  for (const builtin of doors) {
    test(`${builtin} outside the wire, even where the file's own list names it`, () => {
      for (const file of [
        "src/drivers/modbus/driver.ts",
        "src/exporters/http.ts",
        "src/store/lock.ts",
        "src/main.ts",
        "src/cli/run.ts",
        "src/wires.ts",
      ]) {
        const found = planted(file, `import x from "${builtin}";`, { [file]: [builtin] });
        assert.notDeepEqual(found, [], file);
      }
    });
    test(`${builtin} inside the wire unless the file's own list names it`, () => {
      assert.match(planted("src/wire/tcp.ts", `import x from "${builtin}";`).join("\n"), /builtinsPerFile/);
      assert.deepEqual(planted("src/wire/tcp.ts", `import x from "${builtin}";`, { "src/wire/tcp.ts": [builtin] }), []);
    });
  }

  test("node:sqlite outside the database files", () => {
    const text = 'import { DatabaseSync } from "node:sqlite";';
    assert.match(planted("src/store/journal.ts", text, { "src/store/journal.ts": ["node:sqlite"] }).join("\n"), /belongs elsewhere/);
    assert.deepEqual(planted("src/store/database-worker.ts", text, { "src/store/database-worker.ts": ["node:sqlite"] }), []);
  });

  for (const builtin of ["node:tls", "node:dns"]) {
    test(`${builtin} outside the notifier, the wire included`, () => {
      for (const file of ["src/wire/tcp.ts", "src/poller/assemble.ts", "src/notifier/run-notifier.ts"])
        assert.match(planted(file, `import x from "${builtin}";`, { [file]: [builtin] }).join("\n"), /belongs elsewhere/);
    });
  }

  test("timers outside the system clock", () => {
    const text = 'import { setTimeout } from "node:timers/promises";';
    assert.match(
      planted("src/scheduler/queue.ts", text, { "src/scheduler/queue.ts": ["node:timers/promises"] }).join("\n"),
      /belongs elsewhere/,
    );
  });

  for (const builtin of ["node:https", "node:http2", "node:vm", "node:module", "node:inspector", "node:cluster", "node:test"]) {
    test(`${builtin} everywhere in src`, () => {
      assert.match(
        planted("src/wire/tcp.ts", `import x from "${builtin}";`, { "src/wire/tcp.ts": [builtin] }).join("\n"),
        /no file of src may/,
      );
    });
  }

  test("asked for by name while it runs, as if it were imported", () => {
    const text = 'const net = process.getBuiltinModule("node:net");';
    assert.match(
      planted("src/safety/gate.ts", text, { "src/safety/gate.ts": ["node:net"] }).join("\n"),
      /:1 imports node:net, which belongs elsewhere/,
    );
    assert.match(planted("src/wire/tcp.ts", text).join("\n"), /builtinsPerFile/);
    assert.deepEqual(planted("src/wire/tcp.ts", text, { "src/wire/tcp.ts": ["node:net"] }), []);
    assert.match(planted("src/wire/tcp.ts", 'process.getBuiltinModule("net");').join("\n"), /as node:net/);
  });

  test("without its node: prefix", () => {
    assert.match(planted("src/wire/tcp.ts", 'import net from "net";', { "src/wire/tcp.ts": ["net"] }).join("\n"), /as node:net/);
  });

  test("that is listed for a file which does not use it, or is gone", () => {
    const texts = new Map([["src/wire/tcp.ts", "export const x = 1;"]]);
    assert.match(staleBuiltins(texts, { "src/wire/tcp.ts": ["node:net"] }).join("\n"), /take it out/);
    assert.match(staleBuiltins(texts, { "src/wire/gone.ts": ["node:net"] }).join("\n"), /no such file/);
  });
});

describe("a planted way round the imports is refused", () => {
  const snippets = [
    'await fetch("http://10.0.0.1");',
    'new WebSocket("ws://10.0.0.1");',
    'new EventSource("http://10.0.0.1");',
    "const text = `${fetch}`;",
    "globalThis.fetch();",
    "const { fetch: get } = globalThis;",
    'globalThis["fe" + "tch"]();',
    'global.process.binding("tcp_wrap");',
    'process.binding("tcp_wrap");',
    'process["binding"]("tcp_wrap");',
    'process._linkedBinding("tcp_wrap");',
    'process.getBuiltinModule("node:" + "net");',
    'const get = process.getBuiltinModule; get("node:net");',
    'other.getBuiltinModule("node:net");',
    'process["getBuiltinModule"]("node:net");',
    "const p = process;",
    "const { getBuiltinModule } = process;",
    'Reflect.get(process, "binding");',
    'process.dlopen(m, "x.node");',
    "const name = process.mainModule;",
    'require("node:net");',
    'import { createRequire } from "node:module";',
    'const m = await import("node:" + "net");',
    "eval(text);",
    'new Function("return 1")();',
  ];
  for (const snippet of snippets) {
    test(snippet, () => {
      assert.match(planted("src/safety/gate.ts", snippet).join("\n"), /:1 uses .*a way round/);
    });
  }

  test("and what merely carries such a name is not", () => {
    const harmless =
      'const o = { fetch: 1, binding: 2 }; o.fetch; process.env["A"]; interface I { require(): void } // fetch("x")\nconst s = "require(fetch)"; /fetch/.test(s);';
    assert.deepEqual(planted("src/safety/gate.ts", harmless), []);
  });
});

describe("what the table allows passes", () => {
  const cases: readonly [file: string, text: string][] = [
    ["src/drivers/registry.ts", 'import { x } from "./modbus/methods.ts"; import { y } from "../domain/plan.ts";'],
    ["src/drivers/modbus/driver.ts", 'import M from "modbus-serial"; import { x } from "./methods.ts";'],
    ["src/drivers/s7/child.ts", 'import s from "node-snap7"; import { x } from "./methods.ts";'],
    [
      "src/config/compile/pace.ts",
      'import { z } from "zod"; import { x } from "../watchlist.ts"; import { y } from "../../domain/plan.ts";',
    ],
    ["src/main.ts", 'import { x } from "./wire/tcp.ts"; import { y } from "./drivers/registry.ts"; import { z } from "./cli/run.ts";'],
    ["simulators/modbus/device.ts", 'import net from "node:net"; import M from "modbus-serial"; import { x } from "../counts.ts";'],
  ];
  for (const [file, text] of cases) {
    test(file, () => {
      assert.deepEqual(planted(file, text), []);
    });
  }
});
