/** The patterns that are looked for: built-in and own, each with its text, its digest and whether it is enabled. */

import { A, useSearchParams } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import { api, held } from "~/api/client";
import type { components } from "~/api/schema";
import { load } from "~/state/load";
import { tell, tellError } from "~/state/notices";
import { may } from "~/state/session";
import { Answer } from "~/widgets/answer";
import { Icon } from "~/widgets/icon";
import { Table } from "~/widgets/table";
import { copy, count, Digest, Severity } from "~/widgets/text";

type Pattern = components["schemas"]["SequencePattern"];

export default function Patterns(): JSX.Element {
  const [asked, ask] = useSearchParams<{ name: string }>();
  const list = load(() => true, () => held(api.GET("/v1/sequences")));
  async function turn(one: Pattern): Promise<void> {
    const path = one.enabled ? "/v1/sequences/{name}/disable" as const : "/v1/sequences/{name}/enable" as const;
    try {
      await api.POST(path, { params: { path: { name: one.name } } });
      tell(one.enabled ? `${one.name} is looked for only by name now.` : `${one.name} is looked for in every scan now.`, "good");
      await list.again();
    } catch (error) {
      tellError(error);
    }
  }
  return (
    <Answer of={list} what="the patterns">
      {(found) => (
        <div class="pattern-parts" classList={{ split: asked.name !== undefined }}>
          <div class="stack">
            <p class="quiet">{count(found().patterns.length)} patterns, {count(found().patterns.filter((one) => one.enabled).length)} of them enabled. An own pattern of a built-in one’s name stands in its place.</p>
            <Table
              label="Patterns" each={found().patterns}
              head={<><th>Pattern</th><th>Severity</th><th>Origin</th><th class="wider">Version</th><th class="wider">Digest</th><th>Enabled</th></>}
            >
              {(one) => (
                <tr classList={{ here: asked.name === one.name }}>
                  <td>
                    <button class="plain-link mono" aria-expanded={asked.name === one.name} onClick={() => ask({ name: asked.name === one.name ? undefined : one.name }, { replace: true })}>{one.name}</button>
                    <div class="quiet">{one.unreadable ? <span class="bad">cannot be read: {one.unreadable}</span> : one.title}</div>
                  </td>
                  <td><Show when={one.severity}>{(severity) => <Severity of={severity()} />}</Show></td>
                  <td class="nowrap">{one.origin}</td>
                  <td class="mono wider">{one.version}</td>
                  <td class="nowrap wider"><Digest of={one.digest} letters={10} /></td>
                  <td class="nowrap">
                    <Show when={may("sequences.manage")} fallback={one.enabled ? "yes" : "no"}>
                      <label class="row"><input type="checkbox" aria-label={`Look for ${one.name} in every scan`} checked={one.enabled} onChange={() => void turn(one)} />{one.enabled ? "yes" : "no"}</label>
                    </Show>
                  </td>
                </tr>
              )}
            </Table>
          </div>
          <Show when={asked.name}>{(name) => <Text name={name()} close={() => ask({ name: undefined }, { replace: true })} />}</Show>
        </div>
      )}
    </Answer>
  );
}

function Text(props: { name: string; close: () => void }): JSX.Element {
  const shown = load(() => props.name, (name) => held(api.GET("/v1/sequences/{name}", { params: { path: { name } } })));
  return (
    <section class="panel pattern-text" aria-label={`The pattern ${props.name}`}>
      <header>
        <h2 class="mono spread">{props.name}</h2>
        <A class="button" href={`/detections?tab=own&from=${encodeURIComponent(props.name)}`}>{may("sequences.manage") ? "Try it, or change a copy" : "Read it large"}</A>
        <button class="button bare icon" aria-label="Close" onClick={() => props.close()}><Icon name="close" /></button>
      </header>
      <div class="body stack">
        <Answer of={shown} what="its text" isFresh>
          {(one) => (
            <>
              <Show when={one().description}><p>{one().description}</p></Show>
              <div class="row">
                <button class="button" onClick={() => void copy(one().text)}><Icon name="copy" />Copy</button>
                <A class="button" href={`/detections?pattern=${encodeURIComponent(props.name)}`}>What it found</A>
              </div>
              <pre class="mono" tabindex="0" aria-label="Its text">{one().text}</pre>
            </>
          )}
        </Answer>
      </div>
    </section>
  );
}
