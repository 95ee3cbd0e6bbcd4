import { expect, test } from "vitest";
import { configurations, reached } from "./clients";

const at = { origin: "https://vestige.example.org", key: "vst_secret", source: "web", syslog: {} };
const of = (id: string, more: object = {}) => configurations({ ...at, ...more }).find((one) => one.id === id)!;

test("an address that is every address of the machine is the one this browser reached", () => {
  expect(reached("0.0.0.0:5514", "vestige.example.org")).toEqual({ host: "vestige.example.org", port: "5514" });
  expect(reached("[::]:6514", "h")).toEqual({ host: "h", port: "6514" });
  expect(reached("192.0.2.7:514", "h")).toEqual({ host: "192.0.2.7", port: "514" });
});

test("each names the server and the key, and the port of a server without one", () => {
  for (const one of configurations(at)) if (!one.id.includes("syslog")) expect(one.text, one.id).toContain("vst_secret");
  expect(of("fluent-bit").text).toMatch(/Port\s+443\n\s+TLS\s+On/);
  expect(of("fluent-bit", { origin: "http://127.0.0.1:8080" }).text).toMatch(/Port\s+8080\n\s+TLS\s+Off/);
});

test("syslog goes where it is heard, or says that it is nowhere", () => {
  expect(of("rsyslog").about).toContain("does not listen");
  expect(of("rsyslog", { syslog: { tls: "0.0.0.0:6514", tcp: "0.0.0.0:5514" } }).text).toMatch(/port="6514"[^]*gtls/);
  expect(of("rsyslog", { syslog: { udp: "0.0.0.0:514" } }).text).toContain('protocol="udp"');
  expect(of("syslog-ng", { syslog: { tcp: "192.0.2.7:5514" } }).text).toContain('"192.0.2.7" port(5514) transport("tcp")');
});
