// What to do next: where the rejects file is, and how to load it again once it is mended.

import { h, type Child } from "../dom";
import { type Facts, number, text } from "../facts";
import { plural } from "../format";
import { copyable } from "./copy";
import { section } from "./table";

export interface Start {
  /** the entries of the form that the run was triggered with */
  conf: Record<string, unknown>;
  /** the params of the DAG with their defaults */
  params: Record<string, unknown>;
  /** the source as the task had it */
  source: string | null;
}

export function nextSteps(facts: Facts, start: Start, suffix: string, isRunning: boolean): HTMLElement | null {
  const rejects = text(facts, "rejects_path");
  const failed = number(facts, "rejected") + number(facts, "invalid") + number(facts, "unconfirmed");
  const rows = number(facts, "rejects_rows") || failed;
  if (isRunning || !rows) return null;
  const steps = rejects === null ? [h("li", {}, "There is no rejects file: set rejects_path on the task.")] : mend(rejects, rows, start, suffix);
  if (number(facts, "unconfirmed")) {
    steps.push(
      h(
        "li",
        {},
        `${plural(number(facts, "unconfirmed"), "row")} may be in CleverTap already. Look there before you load them again: `,
        "delete those from the file that must not be stored twice.",
      ),
    );
  }
  return section(`steps${suffix}`, "Mend and load again", h("ol", { class: "steps" }, ...steps));
}

function mend(rejects: string, rows: number, start: Start, suffix: string): HTMLElement[] {
  return [
    h(
      "li",
      {},
      `Open the rejects file. It has ${plural(rows, "row")} with the reason of each; its path is one on the worker, or an address:`,
      copyable(`rejects${suffix}`, "path of the rejects file", rejects),
    ),
    h("li", {}, "Correct the cells. Keep the columns that begin with ", h("code", {}, "clevertap_"), "; they are not loaded."),
    h("li", {}, ...trigger(rejects, start, suffix)),
  ];
}

function trigger(rejects: string, start: Start, suffix: string): Child[] {
  const name = sourceParam(start);
  if (name !== null) {
    const conf = JSON.stringify({ ...start.conf, [name]: rejects }, null, 2);
    return [
      "Trigger this DAG again with the corrected file, as JSON under Advanced Options, or in the field of the form:",
      copyable(`conf${suffix}`, "entries for the new run", conf),
    ];
  }
  return [
    "Load the corrected file with the same columns. The source of this DAG is no entry of its form, so use a DAG that has one, ",
    "such as the example ",
    h("code", {}, "one_off_load"),
    ":",
    copyable(`conf${suffix}`, "entries for the new run", JSON.stringify({ source: rejects }, null, 2)),
  ];
}

/** Return the name of the entry that is the source of the load. */
function sourceParam({ conf, params, source }: Start): string | null {
  if (source === null) return null;
  const entries = Object.entries({ ...params, ...conf });
  return entries.find(([, value]) => value === source)?.[0] ?? null;
}
