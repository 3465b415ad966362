/** Mistakes to plant in the profile of library-profile.ts, each with the lines that must be said of it. */
export interface Mistake {
  readonly what: string;
  /** What stands there, and what is put in its place. */
  readonly sound: string;
  readonly mistaken: string;
  readonly expected: readonly string[];
}

const alive = "  - {id: alive, space: holding-registers, protocolAddress: 1, count: 2}";

export const mistakes: readonly Mistake[] = [
  {
    what: "a fact that is documented and has no source",
    sound: "grade: V, sources: [manual]}\n  heard",
    mistaken: "grade: V}\n  heard",
    expected: ["library/test-device.yaml:15: facts.twenty: found no sources, expected the documents that say so"],
  },
  {
    what: "a fact whose source is not of this file",
    sound: "twenty: {value: 20 connections, status: documented, grade: V, sources: [manual]}",
    mistaken: "twenty: {value: 20 connections, status: documented, grade: V, sources: [manuel]}",
    expected: ['library/test-device.yaml:15: facts.twenty.sources[0]: found "manuel", expected the id of a source of this file'],
  },
  {
    what: "a source without page or section",
    sound: "document: T-1, place: page 1",
    mistaken: "document: T-1",
    expected: ["library/test-device.yaml:11: sources[0]: found no place, expected the page or section where it stands"],
  },
  {
    what: "a source that leads nowhere",
    sound: "document: T-1, place: page 1",
    mistaken: "document: null, place: page 1",
    expected: [
      "library/test-device.yaml:11: sources[0]: found no document, url or mirror, expected at least one of them, so that a reader can find it",
    ],
  },
  {
    what: "a source that nothing points to",
    sound: "heard: {value: 30 connections, status: disputed, grade: S, sources: [farm]}",
    mistaken: "heard: {value: 30 connections, status: disputed, grade: M}",
    expected: ['library/test-device.yaml:13: sources[2].id: found "farm", which nothing points to, expected a source that some fact needs'],
  },
  {
    what: "hearsay as documented",
    sound: "status: disputed, grade: S",
    mistaken: "status: documented, grade: S",
    expected: ["library/test-device.yaml:16: facts.heard.grade: found S, expected V, A or P beside the status documented"],
  },
  {
    what: "vendor text that only a farm has",
    sound: "twenty: {value: 20 connections, status: documented, grade: V, sources: [manual]}",
    mistaken: "twenty: {value: 20 connections, status: documented, grade: V, sources: [farm]}",
    expected: [
      "library/test-device.yaml:15: facts.twenty.sources: found secondary, expected a source of grade V: vendor-manual, vendor-faq, vendor-help",
    ],
  },
  {
    what: "an advisory graded as a specification",
    sound: "twenty: {value: 20 connections, status: documented, grade: V, sources: [manual]}",
    mistaken: "twenty: {value: 20 connections, status: documented, grade: P, sources: [icsa]}",
    expected: [
      "library/test-device.yaml:15: facts.twenty.sources: found advisory, expected a source of grade P: specification, code, field-report",
    ],
  },
  {
    what: "a value where nothing was found",
    sound: "fedBy: {value: null,",
    mistaken: "fedBy: {value: unknown,",
    expected: ['library/test-device.yaml:31: watchdog.fedBy.value: found "unknown", expected null: nothing was found'],
  },
  {
    what: "a larger pool from an excerpt",
    sound: "poolSize: {value: null, status: not-documented, grade: N}",
    mistaken: "poolSize: {value: 20, status: documented, grade: V, sources: [manual]}",
    expected: [
      "library/test-device.yaml:22: connection.poolSize.value: found 20 (documented, grade V), expected at most 4 (hint: only a document that two persons have opened (checkedBy) may loosen anything; what is only remembered goes under `facts:`)",
    ],
  },
  {
    what: "a smaller trouble from memory",
    sound: "overflow: {value: null, status: not-documented, grade: N}",
    mistaken: "overflow: {value: rejects, status: not-documented, grade: M}",
    expected: [
      'library/test-device.yaml:23: connection.overflow.value: found "rejects" (not-documented, grade M), expected evicts-oldest or null (hint: only a document that two persons have opened (checkedBy) may loosen anything; what is only remembered goes under `facts:`)',
    ],
  },
  {
    what: "a kinder watchdog by hearsay",
    sound: "fedBy: {value: null, status: not-documented, grade: N}",
    mistaken: "fedBy: {value: none, status: disputed, grade: S, sources: [farm]}",
    expected: [
      'library/test-device.yaml:31: watchdog.fedBy.value: found "none" (disputed, grade S), expected null (hint: only a document that two persons have opened (checkedBy) may loosen anything; what is only remembered goes under `facts:`)',
    ],
  },
  {
    what: "a kept connection without idle timeout",
    sound: "mode: fresh",
    mistaken: "mode: kept",
    expected: ["library/test-device.yaml:21: connection.mode: found kept, expected fresh while no idleTimeout is documented"],
  },
  {
    what: "an interval below the floor",
    sound: "intervalMin: 60s",
    mistaken: "intervalMin: 5s",
    expected: [
      "library/test-device.yaml:18: methods.modbus-fc43.intervalMin: found 5 s, expected 30 s to 1 h: a profile can only lengthen the floor",
    ],
  },
  {
    what: "a vendor's consent",
    sound: "reason: identification,",
    mistaken: "reason: an interval approved by the vendor,",
    expected: [
      'library/test-device.yaml:18: methods.modbus-fc43.reason: found "approved by the vendor", expected what the document says, with its page: nothing here is a vendor\'s consent',
    ],
  },
  {
    what: "keys in another order",
    sound: "vendor: Test\nfamily: test\n",
    mistaken: "family: test\nvendor: Test\n",
    expected: ["library/test-device.yaml:6: vendor: found vendor after family, expected vendor before family: the order of the schema"],
  },
  {
    what: "keys of a fact in another order",
    sound: "heard: {value: 30 connections, status: disputed, grade: S, sources: [farm]}",
    mistaken: "heard: {status: disputed, value: 30 connections, grade: S, sources: [farm]}",
    expected: [
      "library/test-device.yaml:16: facts.heard.value: found value after status, expected value before status: the order of the schema",
    ],
  },
  {
    what: "reviewed by nobody",
    sound: "review: draft",
    mistaken: "review: reviewed",
    expected: ["library/test-device.yaml:8: review: found reviewed, expected draft, until two persons have opened an original (checkedBy)"],
  },
  {
    what: "an advisory twice",
    sound: "advisories:\n",
    mistaken: "advisories:\n  - {id: ICSA-20-016-01, trigger: again, gate: warn, sources: [icsa]}\n",
    expected: ['library/test-device.yaml:39: advisories[1].id: found "ICSA-20-016-01" again, expected each advisory once'],
  },
  {
    what: "a firmware gate without firmware",
    sound: 'fixedIn: [{model: T1, version: "2.80"}], ',
    mistaken: "",
    expected: [
      "library/test-device.yaml:38: advisories[0].fixedIn: found no firmware, expected the firmware in which it is mended (hint: where there is none, the gate is forbid-method)",
    ],
  },
  {
    what: "a gate that withholds nothing",
    sound: "methods: [modbus-fc3], fixedIn",
    mistaken: "fixedIn",
    expected: [
      "library/test-device.yaml:38: advisories[0].methods: found no method, expected the methods that require-firmware withholds, each by name",
    ],
  },
  {
    what: "an advisory that no advisory backs",
    sound: 'version: "2.80"}], sources: [icsa]}',
    mistaken: 'version: "2.80"}], sources: [manual]}',
    expected: [
      'library/test-device.yaml:12: sources[1].id: found "icsa", which nothing points to, expected a source that some fact needs',
      "library/test-device.yaml:38: advisories[0].sources: found no advisory, expected the advisory itself among them",
    ],
  },
  {
    what: "a register that is longer than the family answers",
    sound: "protocolAddress: 1, count: 2",
    mistaken: "protocolAddress: 1, count: 61",
    expected: ["library/test-device.yaml:40: liveness[0].count: found 61, expected at most 60: the family gives no more in one answer"],
  },
  {
    what: "a register in a forbidden range",
    sound: "forbidden:\n",
    mistaken:
      "forbidden:\n  - {kind: registers, space: input-registers, protocolAddress: 2, count: 1, reason: starts a motor, sources: [manual]}\n",
    expected: [
      "library/test-device.yaml:41: liveness[0]: found registers that are forbidden (starts a motor; it is forbidden among the input-registers, and no document says that the tables are distinct), expected registers outside every forbidden range",
    ],
  },
  {
    what: "a device that trips on silence and bears the end of a connection",
    sound: "closeCausesFault: {value: null, status: not-documented, grade: N}",
    mistaken:
      "closeCausesFault: {value: null, status: not-documented, grade: N}\n  effect: {value: trips-on-silence, status: documented, grade: V, sources: [manual]}",
    expected: [
      "library/test-device.yaml:32: watchdog.closeCausesFault.value: found an empty value, expected true beside the effect trips-on-silence",
    ],
  },
  {
    what: "a safety system that is asked",
    sound: "kind: plc",
    mistaken: "kind: safety",
    expected: [
      "library/test-device.yaml:17: methods.enip-identity-object.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.enip-list-identity.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.icmp-echo.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.modbus-fc1.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.modbus-fc17.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.modbus-fc2.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.modbus-fc4.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.opcua-get-endpoints.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.opcua-hello.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.opcua-keepalive.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.opcua-read.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.s7-cpu-status.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.s7-read.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:17: methods.snmp-get.decision: found nothing, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:18: methods.modbus-fc43.decision: found allow, expected forbid: safety systems are never asked, heard only",
      "library/test-device.yaml:19: methods.modbus-fc3.decision: found ask, expected forbid: safety systems are never asked, heard only",
    ],
  },
  {
    what: "an unknown key",
    sound: "title: Test device",
    mistaken: "title: Test device\nname: Test",
    expected: ['library/test-device.yaml:5: name: found the key "name", expected a key that belongs here (hint: a typing error?)'],
  },
  {
    what: "a profile that extends itself",
    sound: "review: draft",
    mistaken: "review: draft\nextends: test-device",
    expected: ['library/test-device.yaml:9: extends: found "test-device", expected the id of another profile of this library'],
  },
  {
    what: "a profile that extends nothing there is",
    sound: "review: draft",
    mistaken: "review: draft\nextends: test-devise",
    expected: ['library/test-device.yaml:9: extends: found "test-devise", expected the id of another profile of this library'],
  },
  {
    what: "a version that is none",
    sound: 'version: "2.80"',
    mistaken: "version: V2.80",
    expected: [
      'library/test-device.yaml:38: advisories[0].fixedIn[0].version: found "V2.80", expected a version in numbers with dots, in quotes: "2.80"',
    ],
  },
  {
    what: "a deep query's read by a method that is not named, or forbidden",
    sound: alive,
    mistaken: `${alive}\ndeepQuery:\n  - {read: modbus-server-id, reason: survey}`,
    expected: [
      "library/test-device.yaml:42: deepQuery[0].read: found modbus-server-id by modbus-fc17, which this profile does not name, expected a read by a method that it allows or leaves to the site",
    ],
  },
  {
    what: "a deep query's read that is offered twice",
    sound: alive,
    mistaken: `${alive}\ndeepQuery:\n  - {read: modbus-identification-regular, reason: survey}\n  - {read: modbus-identification-regular, reason: survey}`,
    expected: ["library/test-device.yaml:43: deepQuery[1].read: found modbus-identification-regular again, expected each read once"],
  },
];
