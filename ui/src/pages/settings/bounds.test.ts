import { expect, test } from "vitest";
import { about, shown } from "./bounds";

test("a bound is shown in what its name says it counts", () => {
  expect(shown("VESTIGE_LIMIT_BODY_BYTES", 1 << 30)).toBe("1.0 GiB");
  expect(shown("VESTIGE_LIMIT_INDEX_MEMORY_MIB", 800)).toBe("800 MiB");
  expect(shown("VESTIGE_LIMIT_UPLOAD_SECONDS", 86_400)).toBe("24 h 0 min");
  expect(shown("VESTIGE_LIMIT_MEMBERS", 100_000)).toBe("100,000");
  expect(about("VESTIGE_LIMIT_UPLOAD_SECONDS")).toBe("upload");
});
