/** What a command says where no poller runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nobodyRuns, serviceLines } from "../../src/cli/poller.ts";
import { machineSettings } from "../../src/cli/settings-file.ts";

test("of the machine's own service a person is told how it is begun again, also after too many starts; of another site not", () => {
  assert.match(
    serviceLines(machineSettings).join("\n"),
    /start-limit-hit.*as root: systemctl reset-failed watchkeeper; systemctl start watchkeeper$/u,
  );
  assert.deepEqual(serviceLines("/home/eto/site/watchkeeper.yaml"), []);
  assert.equal(nobodyRuns("/s"), "/s/control.sock: no poller runs for this site; start it with `watchkeeper run`");
});
