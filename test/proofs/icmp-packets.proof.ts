/** Proves what an echo costs: one request and one reply, one request to a dead host, none without the site's word, and nothing else. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describe, fromUs, startCapture, toUs, withPeer, type Packet } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { nextAnswers, nextMisses } from "./support/next-answers.ts";
import { unapprovedSite, type DeviceSpec } from "./support/site.ts";

const profile = "generic-icmp-host";
const checks = [{ method: "icmp-echo", interval: "2s", answerWithin: "1s" }];
const changes = { checks, function: "monitoring" };

test("an echo is 2 packets, to a dead host 1, and an excluded neighbour gets none", async () => {
  const [alive, deaf, neighbour] = ["192.0.2.10", "192.0.2.11", "192.0.2.12"] as const;
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [alive, deaf, neighbour] },
    ],
  });
  // It has a MAC address and says nothing: what a dead host is whose neighbour entry is still there.
  await network.nft("plant", `table ip deaf { chain input {\n type filter hook input priority 0; ip daddr ${deaf} drop\n}\n}`);
  const devices: readonly DeviceSpec[] = [
    { id: "alive", address: alive, profile, changes },
    { id: "deaf", address: deaf, profile, changes },
    { id: "neighbour", address: neighbour, profile, changes },
  ];
  const site = await unapprovedSite(network, {
    devices,
    startsPerSecondMax: 10,
    watchlist: { excluded: [{ address: neighbour, reason: "maker forbids it" }] },
  });
  const against = (await site.plan()).refused.flatMap(({ detail, further }) => [detail, ...further.map((one) => one.detail)]);
  assert.match(against.join("\n"), /needs agreeing: profile generic-icmp-host leaves it to the site/u);
  const agreed = [{ method: "icmp-echo", reason: "isolated test network", by: "eto-1", on: "2026-11-20" }];
  const file = { schema: "site-profile/v1", id: profile, approval: { stage: "draft" }, agreed };
  writeFileSync(join(site.folder, "device-profiles", `${profile}.yaml`), JSON.stringify(file, undefined, 2));
  await site.approve(profile);
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  const rounds = { what: "two rounds", deadlineMs: 60_000, count: 2 };
  await Promise.all([nextAnswers(site, { ...rounds, devices: ["alive"] }), nextMisses(site, "timeout", { ...rounds, devices: ["deaf"] })]);
  const status = await site.ask("status", {});
  poller.signal("SIGTERM");
  assert.equal(await poller.ended, 0, poller.said());
  const packets = await capture.stop();

  const answered = withPeer(packets, alive).filter(isIcmp);
  assert.ok(fromUs(answered).length >= 2, describe(packets));
  assert.equal(fromUs(answered).length, toUs(answered).length, describe(answered));
  const unanswered = withPeer(packets, deaf).filter(isIcmp);
  assert.ok(fromUs(unanswered).length >= 2, describe(packets));
  assert.equal(toUs(unanswered).length, 0, describe(unanswered));
  // One for each time it was asked, so never two within an interval.
  for (const some of [fromUs(answered), fromUs(unanswered)]) {
    some.forEach((packet, index) => {
      if (index > 0) assert.ok(packet.atMs - some[index - 1]!.atMs >= 1900, describe(some));
    });
  }
  for (const echo of [...fromUs(answered), ...fromUs(unanswered)])
    assert.deepEqual([echo.ipLength, /^Echo \(ping\) request .*seq=1\//u.test(echo.info)], [20 + 16, true], describe([echo]));
  assert.deepEqual(withPeer(packets, neighbour), [], describe(withPeer(packets, neighbour)));
  // Beside the echoes there is address resolution, and no more of it than one series a device and renewal, which is due after 15 s at the earliest.
  const others = packets.filter((packet) => !isIcmp(packet));
  assert.ok(
    others.every(({ protocol }) => protocol === "arp"),
    describe(others),
  );
  const series = 1 + Math.floor((packets.at(-1)!.atMs - packets[0]!.atMs) / 15_000);
  assert.ok(fromUs(others).length <= 12 * series, describe(others));

  assert.ok(status.ok);
  const said = Object.fromEntries(status.result.devices.map((one) => [one.device, `${one.liveness} ${one.cause} ${String(one.proves)}`]));
  assert.equal(said["alive"], "up answers network-interface", poller.said());
  assert.match(said["deaf"] ?? "", /^unknown/u);
});

function isIcmp({ protocol }: Packet): boolean {
  return protocol === "icmp";
}
