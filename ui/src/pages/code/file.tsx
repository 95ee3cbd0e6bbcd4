/** A file with the sign of who wrote it at each line, what it is made of, and what is said of one line. */

import { A } from "@solidjs/router";
import { createVirtualizer } from "@tanstack/solid-virtual";
import { createMemo, createSignal, For, onMount, Show, type JSX } from "solid-js";
import { storyPath } from "~/base/paths";
import { load } from "~/state/load";
import { Answer } from "~/widgets/answer";
import { Empty, Failed } from "~/widgets/states";
import { bytes, count } from "~/widgets/text";
import { byLine, known, pieces } from "./paint";
import { fileOf, linesOf, type FileText, type Lines, type Range } from "./shapes";
import { said, Share, SIGNS, Told } from "./who";

const ROW = 20;

/** `line`: the one somebody came here for. */
export function File(props: { where: { repository: string; rev: string; path: string }; line?: number | undefined }): JSX.Element {
  const file = load(() => props.where, fileOf);
  // Of the very commit that is shown: a branch may have moved meanwhile.
  const lines = load(() => {
    const shown = file.now();
    return shown && !shown.unshown ? { ...props.where, rev: shown.commit } : undefined;
  }, linesOf);
  return (
    <Answer of={file} what="the file" isFresh>
      {(found) => (
        <Show when={!found().unshown} fallback={<Empty title="Its lines are not shown">It is {found().unshown}, {bytes(found().size)}.</Empty>}>
          <Show when={lines.error()}>{(error) => <Failed error={error()} retry={() => void lines.again()} />}</Show>
          <Text of={found()} repository={props.where.repository} lines={lines.now()} line={props.line} />
        </Show>
      )}
    </Answer>
  );
}

function Text(props: { of: FileText; repository: string; lines: Lines | undefined; line: number | undefined }): JSX.Element {
  let scroller!: HTMLDivElement;
  const [here, setHere] = createSignal<number>();
  const colours = createMemo(() => byLine(props.of.colours));
  const range = createMemo<(line: number) => Range | undefined>(() => known(props.lines?.ranges ?? []));
  const sight = createVirtualizer({
    get count() {
      return props.of.lines.length;
    },
    getScrollElement: () => scroller,
    estimateSize: () => ROW,
    overscan: 20,
  });
  /** The sign of another line by the arrows: every line is reached without a mouse. */
  function step(event: KeyboardEvent, line: number): void {
    const to = { ArrowDown: line + 1, ArrowUp: line - 1, Home: 1, End: props.of.lines.length }[event.key];
    if (to === undefined || to < 1 || to > props.of.lines.length) return;
    event.preventDefault();
    go(to);
  }
  function go(line: number): void {
    sight.scrollToIndex(line - 1, { align: "auto" });
    setHere(line);
    requestAnimationFrame(() => scroller.querySelector<HTMLElement>(`[data-line="${line}"]`)?.focus());
  }
  onMount(() => {
    if (props.line !== undefined && props.line <= props.of.lines.length) go(props.line);
  });
  const whole = (): Record<string, string> => ({ repository: props.repository, path: props.of.path, rev: props.of.commit });
  const tabbed = (): number => here() ?? 1;
  return (
    <>
      <p class="row">
        <span class="quiet">{count(props.of.lines.length)} lines, {bytes(props.of.size)}{props.of.language ? `, ${props.of.language}` : ""}</span>
        <Show when={props.lines && props.lines.lines > 0}><Share of={props.lines!.summary} /></Show>
        <Show when={props.lines}><A href={storyPath(whole())}>Its story</A></Show>
        <Show when={props.lines?.unread}><span class="quiet">Who wrote it is not known: {props.lines!.unread}</span></Show>
      </p>
      <div class="code-parts">
        <div class="code-text mono" ref={scroller} role="region" aria-label="Lines">
          <div class="code-all" style={{ height: `${sight.getTotalSize()}px` }}>
            <For each={sight.getVirtualItems()}>
              {(item) => {
                const line = item.index + 1;
                return (
                  <div class="code-line" classList={{ here: here() === line }} style={{ transform: `translateY(${item.start}px)` }} onMouseEnter={() => setHere(line)}>
                    <button
                      class={`who ${range()(line)?.class ?? "unknown"}`} data-line={line} tabindex={tabbed() === line ? 0 : -1}
                      aria-label={said(line, range()(line))} onFocus={() => setHere(line)} onClick={() => setHere(line)} onKeyDown={(event) => step(event, line)}
                    >{SIGNS[range()(line)?.class ?? "unknown"]}</button>
                    <span class="code-number" aria-hidden="true">{line}</span>
                    <code><For each={pieces(props.of.lines[item.index] ?? "", colours().get(line))}>{(piece) => <Show when={piece.kind} fallback={piece.text}><span class={`tok-${piece.kind}`}>{piece.text}</span></Show>}</For></code>
                  </div>
                );
              }}
            </For>
          </div>
        </div>
        <aside class="code-beside">
          <Told line={here()} range={here() === undefined ? undefined : range()(here()!)} />
          <Show when={here()}>{(line) => <p><A href={storyPath({ ...whole(), line: String(line()) })}>The story of line {line()}</A></p>}</Show>
          <Outline of={props.lines} go={go} story={(scope) => storyPath({ ...whole(), scope })} />
        </aside>
      </div>
    </>
  );
}

function Outline(props: { of: Lines | undefined; go: (line: number) => void; story: (scope: string) => string }): JSX.Element {
  return (
    <Show when={props.of}>
      {(lines) => (
        <section aria-label="What the file is made of">
          <h2>Functions and classes</h2>
          <Show when={lines().scopes.length} fallback={<p class="quiet">None{lines().unscoped ? `: ${lines().unscoped}` : " in it"}.</p>}>
            <ul class="code-outline">
              <For each={lines().scopes}>
                {(one) => (
                  <li>
                    <button class="plain-link mono" onClick={() => props.go(one.start)} title={`${one.kind}, lines ${one.start} to ${one.end}`}>{one.name}</button>
                    <span class="faint"> {one.kind}</span> <Share of={one.summary} isSmall /> <A href={props.story(one.name)}>why<span class="visually-hidden"> {one.name} is as it is</span></A>
                  </li>
                )}
              </For>
            </ul>
          </Show>
        </section>
      )}
    </Show>
  );
}
