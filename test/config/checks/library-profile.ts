/** A sound profile of a library, as text, for tests that plant one mistake in it. */
export const soundProfile = `schema: device-profile/v1
id: test-device
revision: 1
title: Test device
vendor: Test
family: test
kind: plc
review: draft
appliesTo: {models: [T1]}
sources:
  - {id: manual, kind: vendor-manual, publisher: Test, title: Manual, document: T-1, place: page 1, url: null, read: excerpt, retrieved: 2026-11-21}
  - {id: icsa, kind: advisory, publisher: CISA, title: Advisory, document: ICSA-20-016-01, place: overview, url: null, read: excerpt, retrieved: 2026-11-21}
  - {id: farm, kind: secondary, publisher: a site, title: Article, document: null, place: null, mirror: a farm, read: excerpt, retrieved: 2026-11-21}
facts:
  twenty: {value: 20 connections, status: documented, grade: V, sources: [manual]}
  heard: {value: 30 connections, status: disputed, grade: S, sources: [farm]}
methods:
  modbus-fc43: {decision: allow, reason: identification, support: {value: "yes", status: documented, grade: V, sources: [manual]}, intervalMin: 60s}
  modbus-fc3: {decision: ask, reason: a register, support: {value: null, status: not-documented, grade: N}}
connection:
  mode: fresh
  poolSize: {value: null, status: not-documented, grade: N}
  overflow: {value: null, status: not-documented, grade: N}
  idleTimeout: {value: null, status: not-documented, grade: N}
  reserve: 2
limits:
  modbusTcp:
    maxConnections: {value: 20, status: documented, grade: V, sources: [manual]}
    maxRegistersPerRead: {value: 60, status: documented, grade: V, sources: [manual]}
watchdog:
  fedBy: {value: null, status: not-documented, grade: N}
  closeCausesFault: {value: null, status: not-documented, grade: N}
identification: {vendors: [], products: []}
ownerMustState: [otherClients, watchdog]
forbidden:
  - {kind: function-code, functionCode: 90, reason: engineering, sources: [manual]}
advisories:
  - {id: ICSA-20-016-01, cves: [CVE-2019-6857], trigger: a read, gate: require-firmware, methods: [modbus-fc3], fixedIn: [{model: T1, version: "2.80"}], sources: [icsa]}
liveness:
  - {id: alive, space: holding-registers, protocolAddress: 1, count: 2}
`;
