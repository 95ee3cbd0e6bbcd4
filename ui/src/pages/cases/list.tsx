import { A } from "@solidjs/router";
import { For, type JSX } from "solid-js";
import type { Case } from "~/api/cases";
import { Status } from "~/widgets/case-status";
import { Table } from "~/widgets/table";
import { count, Time } from "~/widgets/text";

export function List(props: { cases: readonly Case[] }): JSX.Element {
  return (
    <Table
      label="Cases" each={props.cases}
      head={<><th scope="col">Name</th><th scope="col">Status</th><th scope="col">Owner</th><th scope="col">Tags</th><th scope="col" class="number">Pinned</th><th scope="col">Changed last</th><th scope="col">By</th></>}
    >
      {(one) => (
        <tr>
          <td class="case-name"><A href={`/cases/${one.id}`}>{one.name}</A><span class="quiet first-line">{one.description}</span></td>
          <td><Status of={one.status} /></td>
          <td>{one.owner}</td>
          <td><span class="row tags"><For each={one.tags}>{(tag) => <span class="chip">{tag}</span>}</For></span></td>
          <td class="number">{count(one.events)}</td>
          <td class="nowrap"><Time at={one.updated_at} precision="second" /></td>
          <td>{one.updated_by}</td>
        </tr>
      )}
    </Table>
  );
}
