/** What nobody has learnt yet is not known. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Experience } from "../../src/safety/experience.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";

it("without a plan there is no trial to wait for", () =>
  assert.equal(new Experience([], new MemoryNotebook()).trialAt("segment:hvac"), undefined));
