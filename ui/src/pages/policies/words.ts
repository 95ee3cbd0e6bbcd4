/** A policy in words, and as the document one would write for it. */

import type { components } from "~/api/schema";

export type Policy = components["schemas"]["HeldPolicy"] & Readonly<Record<string, unknown>>;

/** What stands beside a policy, and is none of what it says. */
const ABOUT = new Set(["entry", "digest", "revision", "by", "at", "new", "repositories_here", "unreadable", "state"]);
/** In the order in which they are read best; what is not named comes behind. */
const FIRST = ["name", "type", "description"];
const DEFAULTS: Readonly<Record<string, unknown>> = { on_indeterminate: "block", applies_to: "all", severity: "medium", action: "block", enabled: true };

const list = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(", ") : "");
const size = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
const after = (policy: Policy): string => (policy["order"] === "after_last_edit" ? ", after the last edit" : "");
const each = (policy: Policy): string => (policy["per"] === "commit" ? "each commit" : "the push");

const UNKNOWN_AS: Record<string, string> = { ai: "lines of unknown origin count as an agent's", indeterminate: "lines of unknown origin leave it open", human: "lines of unknown origin count as a person's" };

const SAID: Readonly<Record<string, (policy: Policy) => string>> = {
  trace_completeness: () => "Each commit has a sealed session.",
  ai_percentage_threshold: (one) => `At most ${String(one["threshold"])} % of the lines ${each(one)} adds are an agent's; ${UNKNOWN_AS[String(one["unknown_as"])] ?? ""}.`,
  model_allowlist: (one) => (size(one["allowed_models"]) ? `Only these models answered: ${list(one["allowed_models"])}.` : "Any model may answer."),
  sensitive_path: (one) => `A person was seen writing all lines in ${list(one["patterns"])}.`,
  required_tool_call: (one) => `Each of these tools was called, with success${after(one)}: ${list(one["tool_names"])}.`,
  conditional_tool_call: (one) => `${String(one["tool_name"])} was called ${Number(one["min_count"] ?? 1) > 1 ? `${String(one["min_count"])} times` : "once"}, with success${after(one)}${size(one["when_files_match"]) ? `, where a commit changes ${list(one["when_files_match"])}` : ""}.`,
  token_budget: (one) => `${one["per"] === "push" ? "A push" : "A session"} takes at most ${[one["max_tokens"] === undefined ? "" : `${Number(one["max_tokens"]).toLocaleString("en-GB")} tokens`, one["max_cost_usd"] === undefined ? "" : `$${String(one["max_cost_usd"])}`].filter(Boolean).join(" and ")}.`,
  expr: (one) => `This is true: ${String(one["cel"]).trim().replaceAll(/\s+/g, " ")}`,
  coverage_min: (one) => `At least ${String(one["min_percent"])} % of a session's calls are told by all of its witnesses.`,
  unattributed_max: (one) => `Of at most ${String(one["max_percent"])} % of the lines ${each(one)} adds it is unknown who wrote them.`,
  human_review_required: (one) => `At least ${String(one["min_reviewers"] ?? 1)} other than the author approved it${size(one["sources"]) ? `, as ${list(one["sources"])} told` : ""}${one["trust_trailers"] ? "; trailers of its own message count" : ""}.`,
  secret_in_session: (one) => `No secret had to be taken out of a session${size(one["ignore_rules"]) ? `, but by the rules ${list(one["ignore_rules"])}` : ""}.`,
  permission_mode_forbidden: (one) => `No session ran in ${list(one["modes"])}.`,
  mcp_server_allowlist: (one) => (size(one["allowed_servers"]) ? `Only tools of these MCP servers were called: ${list(one["allowed_servers"])}.` : "No tool of an MCP server was called."),
  commit_trailers: (one) => [size(one["required"]) ? `The message has ${trailers(one["required"])}.` : "", size(one["forbidden"]) ? `It has none of ${trailers(one["forbidden"])}.` : ""].filter(Boolean).join(" "),
};

const trailers = (value: unknown): string =>
  (Array.isArray(value) ? value : []).map((one) => (typeof one === "object" && one !== null ? Object.values(one as Record<string, unknown>).filter(Boolean).map(String).join(": ") : String(one))).join(", ");

/** What must hold, in a sentence. */
export function inWords(policy: Policy): string {
  if (policy.unreadable) return `This version does not understand it, and nothing passes it: ${policy.unreadable}`;
  return SAID[policy.type]?.(policy) ?? `A condition of the type ${policy.type}.`;
}

/** What follows where it does not hold, and where nobody knows. */
export function follows(policy: Policy): string {
  const act = policy.action === "warn" ? "warns" : "blocks the push";
  const open = String(policy["on_indeterminate"] ?? "block");
  const unknown = open === "block" ? "so does what nobody knows" : open === "warn" ? "what nobody knows warns" : "what nobody knows passes";
  return `${policy["enabled"] === false ? "Turned off. " : ""}A failure ${act}; ${unknown}.`;
}

/** Which repositories and commits it is about. */
export function scope(policy: Policy): string {
  const where = list(policy["repositories"]) || "every repository";
  return policy["applies_to"] === "ai_commits" ? `${where}, only commits an agent had a part in` : where;
}

/** A policy as TOML: what one would write, without what goes without saying. */
export function asToml(policy: Policy): string {
  const names = [...FIRST, ...Object.keys(policy).filter((name) => !FIRST.includes(name) && !ABOUT.has(name))];
  const lines = names.flatMap((name) => {
    const value = policy[name];
    const isSaid = value !== undefined && value !== "" && !(Array.isArray(value) && !value.length) && !(name in DEFAULTS && name !== "action" && value === DEFAULTS[name]);
    return isSaid ? [`${name} = ${toml(value)}`] : [];
  });
  return `version = 1\n\n[[policy]]\n${lines.join("\n")}\n`;
}

function toml(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  if (typeof value === "object" && value !== null) return `{ ${Object.entries(value).filter(([, one]) => one !== null).map(([name, one]) => `${name} = ${toml(one)}`).join(", ")} }`;
  const text = String(value);
  // A line's text as JSON writes it is a basic string of TOML, but for the one control character JSON lets be.
  return text.includes("\n") && !/["\\\u007F]|[^\P{Cc}\n\t]/u.test(text) ? `"""\n${text}"""` : JSON.stringify(text).replaceAll("\u007F", String.raw`\u007F`);
}
