/** Says what a new protocol still lacks: everything that must exist before a device can be asked in it. */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { describe, test } from "node:test";
import { projectRoot, readProjectFile } from "./support/source-tree.ts";

interface Project {
  readonly files: readonly string[];
  read(file: string): string;
}

/** EtherNet/IP is written out where people read it, and what speaks SNMP is mostly a switch. Any address answers ICMP: it needs no simulator. */
const elsewhere: Readonly<Record<string, { readonly framePolicy?: RegExp; readonly simulator?: RegExp; readonly profile?: string }>> = {
  enip: { profile: "ethernet-ip" },
  snmp: { profile: "managed-switch" },
  icmp: { simulator: /^simulators\// },
};

function missingParts(protocol: string, { files, read }: Project): string[] {
  const has = (pattern: RegExp): boolean => files.some((file) => pattern.test(file));
  const { framePolicy, simulator, profile = protocol } = elsewhere[protocol] ?? {};
  const parts: readonly [part: string, present: boolean][] = [
    [`the pure half, src/drivers/${protocol}/methods.ts`, files.includes(`src/drivers/${protocol}/methods.ts`)],
    [`the speaking half, src/drivers/${protocol}/driver.ts`, files.includes(`src/drivers/${protocol}/driver.ts`)],
    [`a frame policy, src/wire/frames/${protocol}.ts`, has(framePolicy ?? new RegExp(`^src/wire/frames/${protocol}\\.ts$`))],
    [`its requests in the closed list, src/domain/operations.ts`, read("src/domain/operations.ts").includes(`"${protocol}-`)],
    [`its line in src/drivers/registry.ts`, read("src/drivers/registry.ts").includes(`"./${protocol}/`)],
    [`a simulator, simulators/${protocol}/`, has(simulator ?? new RegExp(`^simulators/${protocol}(/|\\.ts$)`))],
    [
      `a profile for unknown devices, device-profiles/generic-${profile}*.yaml`,
      has(new RegExp(`^device-profiles/generic-${profile}.*\\.yaml$`)),
    ],
  ];
  return parts.filter(([, present]) => !present).map(([part]) => part);
}

const project: Project = {
  files: globSync("{src,simulators,device-profiles}/**/*.{ts,yaml}", { cwd: projectRoot }),
  read: readProjectFile,
};
const protocols = new Set(project.files.flatMap((file) => /^src\/drivers\/([^/]+)\//u.exec(file)?.[1] ?? []));

for (const protocol of protocols) {
  test(`${protocol} has all its parts`, () => {
    assert.deepEqual(missingParts(protocol, project), []);
  });
}

test("there is a protocol", () => {
  assert.ok(protocols.has("modbus"));
});

describe("a missing part is named", () => {
  const complete = [
    "src/drivers/abc/methods.ts",
    "src/drivers/abc/driver.ts",
    "src/wire/frames/abc.ts",
    "simulators/abc/device.ts",
    "device-profiles/generic-abc.yaml",
  ];
  const read = (): string => 'import "./abc/methods.ts"; "abc-read"';

  test("none of a complete protocol", () => {
    assert.deepEqual(missingParts("abc", { files: complete, read }), []);
  });

  for (const gone of complete) {
    test(gone, () => {
      assert.equal(missingParts("abc", { files: complete.filter((file) => file !== gone), read }).length, 1);
    });
  }

  test("the closed list and the registry", () => {
    assert.equal(missingParts("abc", { files: complete, read: () => "" }).length, 2);
  });
});
