/** Proves that two network namespaces with one state folder between them, as two containers with one volume are, never both poll. */
import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import { describe, fromUs, onIp, requestsFromUs, startCapture } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { startPoller } from "./support/poller.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite } from "./support/site.ts";

const plc = "192.0.2.10";
const rounds = 3;

suite("one state folder in two network namespaces", () => {
  test("has one poller, also when both start at once over what a killed one left; the other says whose it is and sends nothing", async () => {
    await using network = await makeNetwork({
      hosts: [
        { name: "poller", address: "192.0.2.1" },
        { name: "second", address: "192.0.2.2" },
        { name: "plc", address: plc },
      ],
    });
    const [site] = await Promise.all([
      makeSite(network, { devices: [{ id: "plc", address: plc }] }),
      startSimulated(network, "plc", { [plc]: "healthy" }),
    ]);
    // The segment's own address is there in both, so that the files are right in both.
    await network.run("second", ["ip", "addr", "add", "192.0.2.1/32", "dev", "lo"]);
    for (let round = 0; round < rounds; round += 1) {
      const before = await site.start();
      before.signal("SIGKILL");
      await before.ended;
      const captures = await Promise.all([startCapture(network, "poller"), startCapture(network, "second")]);
      const pollers = [site.launch(), startPoller(network, "second", site.command("run"))] as const;
      const started = await Promise.all(pollers.map((poller) => poller.started().then(...outcomes)));
      assert.equal(started.filter((one) => one).length, 1, pollers.map((poller) => poller.said()).join("\n"));
      const loser = started.indexOf(false);
      // The other one's plant is not this one: two hosts have one address there, and the device speaks to the first.
      if (loser === 1) await nextAnswers(site, { what: "the poller to ask", deadlineMs: 60_000, devices: ["plc"] });
      const said = pollers[loser]?.said() ?? "";
      assert.equal(await pollers[loser]?.ended, 1, said);
      assert.match(
        said,
        new RegExp(`found another poller at work in this state folder \\(process ${pollers[1 - loser]?.pid ?? 0} on `, "u"),
      );
      const winner = pollers[1 - loser];
      assert.equal(await winner?.end(), 0, winner?.said());
      const packets = await Promise.all(captures.map((capture) => capture.stop()));
      const [ofLoser, ofWinner] = [onIp(packets[loser] ?? []), onIp(packets[1 - loser] ?? [])];
      assert.equal(fromUs(ofLoser).length, 0, describe(ofLoser));
      if (loser === 1) assert.ok(requestsFromUs(ofWinner).length >= 1, describe(ofWinner));
    }
  });
});

const outcomes = [() => true, () => false] as const;
