import { describe, expect, it } from "vitest";
import { asToml, follows, inWords, scope, type Policy } from "./words";

const policy = (more: Record<string, unknown>): Policy => ({ name: "p", action: "block", entry: "01E", digest: "d", revision: 1, by: "ann", at: "2026-03-02T10:00:00Z", new: false, repositories_here: 0, unreadable: "", ...more }) as unknown as Policy;

describe("a policy in words", () => {
  it("says what must hold, with its parameters", () => {
    expect(inWords(policy({ type: "ai_percentage_threshold", threshold: "40", per: "commit", unknown_as: "ai" }))).toBe("At most 40 % of the lines each commit adds are an agent's; lines of unknown origin count as an agent's.");
    expect(inWords(policy({ type: "conditional_tool_call", tool_name: "scan", min_count: 2, when_files_match: ["**/*.rs"], order: "after_last_edit" }))).toBe("scan was called 2 times, with success, after the last edit, where a commit changes **/*.rs.");
    expect(inWords(policy({ type: "token_budget", max_tokens: 120_000, max_cost_usd: "2.5", per: "session" }))).toBe("A session takes at most 120,000 tokens and $2.5.");
  });
  it("says that nothing passes what is not understood", () => {
    expect(inWords(policy({ type: "later", unreadable: "no such type" }))).toContain("nothing passes it: no such type");
  });
  it("says what follows, and where", () => {
    expect(follows(policy({ type: "x", action: "warn", on_indeterminate: "pass" }))).toBe("A failure warns; what nobody knows passes.");
    expect(follows(policy({ type: "x", enabled: false }))).toBe("Turned off. A failure blocks the push; so does what nobody knows.");
    expect(scope(policy({ type: "x", repositories: ["a/*", "b"], applies_to: "ai_commits" }))).toBe("a/*, b, only commits an agent had a part in");
    expect(scope(policy({ type: "x" }))).toBe("every repository");
  });
});

describe("a policy as TOML", () => {
  it("leaves out what goes without saying and what is not its own", () => {
    expect(asToml(policy({ type: "sensitive_path", patterns: ["a/", "b"], severity: "medium", enabled: true, repositories: [] }))).toBe('version = 1\n\n[[policy]]\nname = "p"\ntype = "sensitive_path"\naction = "block"\npatterns = ["a/", "b"]\n');
  });
  it("escapes what text holds, and writes lines as lines", () => {
    expect(asToml(policy({ type: "expr", cel: "a\n|| b" }))).toContain('cel = """\na\n|| b"""');
    expect(asToml(policy({ type: "expr", cel: 'a == "\\d"\n' }))).toContain(String.raw`cel = "a == \"\\d\"\n"`);
    expect(asToml(policy({ type: "commit_trailers", required: [{ name: "Signed-off-by", value: null }] }))).toContain('required = [{ name = "Signed-off-by" }]');
  });
});
