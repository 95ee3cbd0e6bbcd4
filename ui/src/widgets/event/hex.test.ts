import { describe, expect, it } from "vitest";
import { utf8 } from "~/base/proof/bytes";
import { dump, marked } from "./hex";

describe("bytes to read", () => {
  it("are dumped sixteen a line, what is no letter as a dot", () => {
    expect(dump(utf8("GET / HTTP/1.1\r\nHost"), 0x100)).toEqual([
      { offset: "00000100", hex: "47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a", text: "GET / HTTP/1.1··" },
      { offset: "00000110", hex: "48 6f 73 74", text: "Host" },
    ]);
    expect(dump(new Uint8Array())).toEqual([]);
  });

  it("show where the fields' values stand, each byte once", () => {
    const line = "Nov 20 db sshd[7]: user oracle from 198.51.100.79 for oracle\n";
    const parts = marked(utf8(line), [
      { path: "message", value: line.slice(19, -1) }, { path: "user", value: "oracle" }, { path: "ip", value: "198.51.100.79" }, { path: "x", value: "db" }, { path: "none", value: "absent" },
    ]);
    expect(parts.map((part) => part.text).join("")).toBe(line);
    expect(parts.filter((part) => part.field).map((part) => [part.field, part.text])).toEqual([["user", "oracle"], ["ip", "198.51.100.79"]]);
  });

  it("show bytes that are no text as what they are: unreadable", () => {
    expect(marked(new Uint8Array([0xff, 0x41]), [])).toEqual([{ text: "\ufffdA", field: undefined }]);
  });
});
