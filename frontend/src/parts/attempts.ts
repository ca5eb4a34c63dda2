// The attempts of a task, and where each load began.

import type { TaskInstance } from "../api";
import { h } from "../dom";
import type { Attempt } from "../facts";
import { count, duration, moment } from "../format";
import { section, table } from "./table";

/** Seconds by which the clocks of a worker and of Airflow may differ. */
const CLOCKS = 5;

/** Return the attempts. Only loads begin at a row: of other work `began` is null. */
export function attempts(tries: TaskInstance[], began: Attempt[] | null, suffix: string): HTMLElement | null {
  if (tries.length < 2 && (began?.length ?? 0) < 2) return null;
  return section(
    `attempts${suffix}`,
    "Attempts",
    table(
      "Attempts",
      [
        { title: "Attempt", kind: "number" },
        { title: "Ended as" },
        { title: "Began" },
        { title: "Took", kind: "number" },
        ...(began === null ? [] : [{ title: "Where the load began" }]),
      ],
      tries.map((each) => [
        count(each.try_number),
        h("span", { class: "word" }, (each.state ?? "waiting").replaceAll("_", " ")),
        moment(each.start_date),
        each.duration === null ? "" : duration(each.duration),
        ...(began === null ? [] : [place(rowOf(each, began))]),
      ]),
      "attempts",
    ),
    began === null ? null : h("p", { class: "faint" }, "A load that resumes sends no row again that has an outcome."),
  );
}

function place(row: number | null): string {
  if (row === null) return "not known";
  return row > 1 ? `resumed at row ${count(row)}` : "row 1";
}

function rowOf(attempt: TaskInstance, began: Attempt[]): number | null {
  if (attempt.start_date === null) return null;
  const start = Date.parse(attempt.start_date) / 1000 - CLOCKS;
  const end = attempt.end_date === null ? Infinity : Date.parse(attempt.end_date) / 1000 + CLOCKS;
  return began.findLast(([, time]) => time >= start && time <= end)?.[0] ?? null;
}
