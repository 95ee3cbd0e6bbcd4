/** What is to be done, by whom, until when. */

import { createSignal, For, Show, type JSX } from "solid-js";
import type { CaseItem } from "~/api/cases";
import { tell, tellError } from "~/state/notices";
import { Answer, More } from "~/widgets/answer";
import { Icon } from "~/widgets/icon";
import { Empty } from "~/widgets/states";
import { Table } from "~/widgets/table";
import { Time } from "~/widgets/text";
import { useCase } from "./context";
import { ItemForm, type FieldOf } from "./form";
import { changeItem, itemsOf, withItem } from "./items";
import { TakeAway, Written } from "./written";

const STATES = ["open", "doing", "done", "dropped"] as const;
const FIELDS: readonly FieldOf[] = [
  { name: "title", label: "What is to be done", kind: "line", required: true },
  { name: "text", label: "More of it", kind: "text" },
  { name: "assignee", label: "By whom", kind: "line" },
  { name: "due", label: "Until when", kind: "line", hint: "2026-12-01" },
  { name: "status", label: "Status", kind: "choice", options: STATES },
];

export default function Tasks(): JSX.Element {
  const { one, isOpen, refresh } = useCase();
  const list = itemsOf("task");
  const [editing, setEditing] = createSignal<CaseItem | "new">();
  const put = (item: CaseItem): void => list.set(withItem(list.value(), item));
  async function set(item: CaseItem, status: string, isUndo = false): Promise<void> {
    const before = item.status ?? "open";
    try {
      const now = await changeItem(one().id, item, { status });
      put(now);
      tell(`“${now.title}” is ${status}.`, "good", isUndo ? undefined : () => void set(now, before, true));
    } catch (error) {
      tellError(error);
      void list.again();
    }
  }
  return (
    <>
      <Show when={isOpen()}><p><button class="button" onClick={() => setEditing("new")}><Icon name="plus" />Add a task</button></p></Show>
      <Answer of={list} what="the tasks">
        {(found) => (
          <Show when={found().length} fallback={<Empty title="There is nothing to do yet">A task has somebody who does it, and a time until when.</Empty>}>
            <Table
              label="Tasks" each={found()}
              head={<><th scope="col">Status</th><th scope="col">What</th><th scope="col">By whom</th><th scope="col">Until</th><th scope="col">Said</th><th scope="col"><span class="visually-hidden">Change</span></th></>}
            >
              {(item) => (
                <tr classList={{ over: item.status === "done" || item.status === "dropped" }}>
                  <td>
                    <Show when={isOpen()} fallback={item.status}>
                      <select class="field compact" aria-label={`Status of ${item.title}`} value={item.status} onChange={(event) => void set(item, event.currentTarget.value)}>
                        <For each={STATES}>{(state) => <option value={state}>{state}</option>}</For>
                      </select>
                    </Show>
                  </td>
                  <td><strong>{item.title}</strong><Show when={item.text}><p class="prose quiet">{item.text}</p></Show></td>
                  <td>{item.assignee}</td>
                  <td class="nowrap"><Show when={item.due}>{(due) => <Time at={due()} precision="minute" />}</Show></td>
                  <td class="nowrap"><Written of={item} /></td>
                  <td class="nowrap">
                    <Show when={isOpen()}>
                      <button class="button compact" onClick={() => setEditing(item)}>Edit</button>{" "}
                      <TakeAway of={item} name={item.title ?? "this task"} done={() => { list.set(found().filter((each) => each.id !== item.id)); refresh(); }} />
                    </Show>
                  </td>
                </tr>
              )}
            </Table>
          </Show>
        )}
      </Answer>
      <More of={list} />
      <Show when={editing()}>
        {(item) => <ItemForm kind="task" title={item() === "new" ? "Add a task" : "Edit a task"} fields={FIELDS} of={item() === "new" ? undefined : (item() as CaseItem)} done={(task) => { put(task); refresh(); }} close={() => setEditing()} />}
      </Show>
    </>
  );
}
