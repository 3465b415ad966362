/** What nobody has learnt yet is not known. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { Experience } from "../../src/safety/experience.ts";

it("without a plan there is no trial to wait for", () => assert.equal(new Experience().trialAt("segment:hvac"), undefined));
