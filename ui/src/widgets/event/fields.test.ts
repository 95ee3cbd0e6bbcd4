import { describe, expect, it } from "vitest";
import { amendable, asWritten, citation, corrected, corrections, entityPath, groupsOf, keyRows, originals } from "./fields";
import type { Detail } from "./shape";

const EVENT = {
  id: "01M8CCBQ0ECN61R67ZJVGEWCK6", seq: 13468, occurred_at: "2026-11-20T17:56:47Z", event_type: "auth.login_failed", category: "auth", severity: "info",
  actor: { id: "Oracle", type: "user" }, network: { src_ip: "198.51.100.79", src_port: 33954 }, device: { hostname: "db-1" }, source: "auth.log", parser: "syslog/3",
  attributes: { hostname: "DB-1", nested: { user: "oracle", list: [1, 2] } },
  keys: [{ kind: "identity", value: "oracle" }, { kind: "ip", value: "198.51.100.79" }],
  provenance: { log: "x/t/y/0", kind: "evidence", acquisition: "01M8CCBQ061W57TF3PMEW2SD2T", offset: 350919, record: 3114, length: 107, media_type: "text/plain", commitment: "00", leaf_hash: "11" },
} as unknown as Detail;

describe("the fields of an event", () => {
  const rows = groupsOf(EVENT).flatMap((group) => group.rows);
  const row = (name: string): (typeof rows)[number] => rows.find((one) => one.name === name)!;

  it("have terms as queries name them", () => {
    expect(row("event_type").term).toBe("type:auth.login_failed");
    expect(row("device.hostname").term).toBe("host:db-1");
    expect(row("network.src_port").term).toBe("port:33954");
    expect(row("parser").term).toBe('parser:"syslog/3"');
  });

  it("name the original fields that say the same", () => {
    expect(row("device.hostname").from).toEqual(["hostname"]);
    expect(row("actor.id").from).toEqual(["nested.user"]);
    expect(row("network.src_ip").from).toEqual([]);
  });

  it("lead to an entity only where the server made a key of the value", () => {
    expect(row("actor.id").entity).toBe("/entities/identity.b3JhY2xl");
    expect(row("device.hostname").entity).toBeUndefined();
    expect(entityPath("custom", "ä/?+")).toBe("/entities/custom.w6QvPys");
  });

  it("leave out what the event does not state", () => {
    expect(rows.some((one) => one.name === "outcome" || one.name.startsWith("subject"))).toBe(false);
  });

  it("give keys their own spelling in queries", () => {
    expect(keyRows(EVENT).map((one) => one.term)).toEqual(["key:identity=oracle", "key:ip=198.51.100.79"]);
    expect(keyRows({ ...EVENT, keys: [{ kind: "custom", value: 'a "b"' }] })[0]!.term).toBe('key:custom="a \\"b\\""');
  });

  it("are found in the original whatever lies inside of what", () => {
    expect(originals(EVENT.attributes)).toEqual([{ path: "hostname", value: "DB-1" }, { path: "nested.user", value: "oracle" }, { path: "nested.list", value: "[1,2]" }]);
  });

  it("show times as finely as they were written", () => {
    expect(["2026-11-20T17:56:47Z", "2026-11-20T17:56:47.12Z", "2026-11-20T17:56:47.123456Z", "2026-11-20T17:56:47.123456789Z"].map(asWritten)).toEqual(["second", "milli", "micro", "nano"]);
  });

  it("are cited with everything that leads back to the bytes", () => {
    expect(citation(EVENT)).toBe(
      "2026-11-20T17:56:47Z auth.login_failed; source auth.log; acquisition 01M8CCBQ061W57TF3PMEW2SD2T; offset 350919; record 3114; "
      + "event 01M8CCBQ0ECN61R67ZJVGEWCK6; log x/t/y/0, entry 13468; leaf hash 11",
    );
  });
});

describe("what was said of an event later", () => {
  const by = { entry: "01M8CCBQ0ECN61R67ZJVGEWCK7", at: "2026-11-21T08:00:00Z", by: "ann@example.test", reason: "wrong_name" };
  const AMENDED = { ...EVENT, amended: [{ ...by, set: { "actor.id": "oracle" } }, { ...by, set: { "actor.id": "" }, withheld: ["object.id"] }] } as unknown as Detail;

  it("may be of what it says, of original fields, and of what it does not say", () => {
    const groups = new Map(amendable(EVENT).map((group) => [group.name, group.fields]));
    expect(groups.get("What it says")).toContainEqual({ name: "actor.id", value: "Oracle" });
    expect(groups.get("Original fields")).toContainEqual({ name: "attributes.nested.user", value: "oracle" });
    expect(groups.get("What it does not say")).toContainEqual({ name: "object.id", value: undefined });
  });

  it("stands beside the field, the oldest first, also where it is withheld or nothing", () => {
    expect(corrections(AMENDED, "actor.id").map((one) => one.value)).toEqual(["oracle", ""]);
    expect(corrections(AMENDED, "object.id").map((one) => one.value)).toEqual([undefined]);
    expect(corrections(AMENDED, "device.hostname")).toEqual([]);
    expect(corrected(AMENDED)).toEqual(["actor.id", "object.id"]);
  });
});
