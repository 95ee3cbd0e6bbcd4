// @vitest-environment node
import { describe, expect, it } from "vitest";
import { Bad, concat, utf8, type Bytes } from "~/base/proof/bytes";
import { checkNames, Damaged, NoZip, TooLarge, Zip } from "./zip";

interface Made {
  readonly name: string;
  readonly data: Bytes;
  readonly packed?: Bytes;
  readonly method?: number;
  readonly flags?: number;
  readonly mode?: number;
  readonly size?: number;
  readonly crc?: number;
  readonly local?: string;
  readonly at?: number;
  readonly long?: boolean;
}

const number = (width: 2 | 4 | 8, value: number): Bytes => {
  const view = new DataView(new ArrayBuffer(width));
  if (width === 2) view.setUint16(0, value, true);
  else if (width === 4) view.setUint32(0, value, true);
  else view.setBigUint64(0, BigInt(value), true);
  return new Uint8Array(view.buffer);
};

function crcOf(data: Uint8Array): number {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** A zip as APPNOTE.TXT has it, with whatever is wrong in it that a test wants. */
function zip(files: readonly Made[], end: { count?: number; size?: number; before?: Bytes; comment?: string } = {}): Blob {
  const parts: Bytes[] = end.before ? [end.before] : [];
  const listed: Bytes[] = [];
  let at = parts.reduce((sum, part) => sum + part.length, 0);
  for (const { name, data, packed = data, method = 0, flags = 0, mode = 0o100644, size = data.length, crc = crcOf(data), local = name, at: place = at, long = false } of files) {
    const sizes = [number(4, crc), number(4, packed.length), number(4, size)];
    const head = concat(number(4, 0x04034b50), number(2, 20), number(2, flags), number(2, method), number(4, 0), ...sizes, number(2, local.length), number(2, 0), utf8(local), packed);
    const wide = long ? concat(number(2, 1), number(2, 24), number(8, size), number(8, packed.length), number(8, place)) : new Uint8Array();
    const lengths = long ? [number(4, 0xffff_ffff), number(4, 0xffff_ffff)] : [number(4, packed.length), number(4, size)];
    listed.push(concat(
      number(4, 0x02014b50), number(2, 0x0314), number(2, 20), number(2, flags), number(2, method), number(4, 0), number(4, crc), ...lengths,
      number(2, utf8(name).length), number(2, wide.length), number(2, 0), number(2, 0), number(2, 0), number(4, mode * 65536), number(4, long ? 0xffff_ffff : place), utf8(name), wide,
    ));
    parts.push(head);
    at += head.length;
  }
  const list = concat(...listed);
  const comment = utf8(end.comment ?? "");
  return new Blob([...parts, list, number(4, 0x06054b50), number(4, 0), number(2, 0), number(2, end.count ?? files.length), number(4, end.size ?? list.length), number(4, at), number(2, comment.length), comment]);
}

async function deflated(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await new Response(new Blob([data]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer());
}

async function read(blob: Blob, name: string): Promise<string> {
  let text = "";
  for await (const piece of (await Zip.open(blob)).read(name)) text += new TextDecoder().decode(piece);
  return text;
}

const A: Made = { name: "bag/a.txt", data: utf8("alpha") };
const B: Made = { name: "bag/data/b.txt", data: utf8("beta") };

describe("a zip", () => {
  it("gives what was put in, stored or deflated, whatever its comment and its lengths' width", async () => {
    const long = utf8("gamma ".repeat(5000));
    const made = zip([{ name: "bag/", data: new Uint8Array(), mode: 0o040755 }, A, { ...B, long: true }, { name: "bag/c", data: long, packed: await deflated(long), method: 8 }], { comment: "words" });
    expect([...(await Zip.open(made)).names]).toEqual(["a.txt", "data/b.txt", "c"]);
    expect([await read(made, "a.txt"), await read(made, "data/b.txt")]).toEqual(["alpha", "beta"]);
    expect(await read(made, "c")).toBe("gamma ".repeat(5000));
  });

  it("is refused for names that lead elsewhere, are none of a bundle's, or are one to some system", async () => {
    for (const name of ["bag/../a", "/bag/a", "bag//a", "bag/.a", "bag/a b", "bag\\a", "bag/ä", `bag/${"a".repeat(200)}`, "bag/C:", "bag/a\0b"]) {
      await expect(Zip.open(zip([A, { ...B, name }])), name).rejects.toThrow(Bad);
    }
    await expect(Zip.open(zip([A, { ...A, name: "bag/A.TXT" }]))).rejects.toThrow("given twice");
    expect(() => checkNames(["a/b-c_d.e", "0"])).not.toThrow();
  });

  it("is refused where it is no one folder", async () => {
    await expect(Zip.open(zip([A, { ...B, name: "other/b.txt" }]))).rejects.toThrow("not one bag");
    await expect(Zip.open(zip([A, { ...B, name: "b.txt" }]))).rejects.toThrow("not one bag");
  });

  it("is refused for links, encryption and methods no bundle has", async () => {
    await expect(Zip.open(zip([{ ...A, mode: 0o120777 }]))).rejects.toThrow("a link or special file");
    await expect(Zip.open(zip([{ ...A, flags: 1 }]))).rejects.toThrow("packed in a way");
    await expect(Zip.open(zip([{ ...A, method: 12 }]))).rejects.toThrow("packed in a way");
  });

  it("is refused where files overlap, or it would unpack to more than its length explains", async () => {
    await expect(Zip.open(zip([A, { ...B, at: 5 }]))).rejects.toThrow("overlap");
    await expect(Zip.open(zip([{ ...A, size: 100 << 20 }]))).rejects.toThrow("more than its length explains");
  });

  it("gives no more than a file stated, and none that its checksum is not of", async () => {
    const zeros = new Uint8Array(1 << 20);
    await expect(read(zip([{ ...A, packed: await deflated(zeros), method: 8, size: 5 }]), "a.txt")).rejects.toThrow(Damaged);
    await expect(read(zip([{ ...A, crc: 1 }]), "a.txt")).rejects.toThrow("checksum");
    await expect(read(zip([{ ...A, packed: utf8("\xff\xff\xff"), method: 8 }]), "a.txt")).rejects.toThrow(Damaged);
    await expect(read(zip([{ ...A, local: "bag/z.txt" }]), "a.txt")).rejects.toThrow("called otherwise");
  });

  it("is none where its list is missing, cut or wrong", async () => {
    for (const data of [new Blob([]), new Blob(["PK"]), new Blob([new Uint8Array(5000)]), zip([A]).slice(0, -1), zip([A], { count: 2 }), zip([A], { size: 7 })]) {
      await expect(Zip.open(data)).rejects.toThrow(NoZip);
    }
  });

  it("is too much for a browser beyond a bound, which is said before its list is read", async () => {
    await expect(Zip.open(zip([A], { size: 0xfff_ffff0 }))).rejects.toThrow(TooLarge);
  });
});
