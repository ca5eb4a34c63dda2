// What a task has left in XCom: the facts of a load or an export, and its progress.

import type { Api, TaskInstance } from "./api";

export type Facts = Record<string, unknown>;
/** A row and a time in seconds since 1970. */
export type Attempt = [row: number, began: number];

/** How far a task is, and how it came there. A task of an older version of the package has none. */
export interface Progress {
  /** the share of the source that is read, null when it is unknown */
  share: number | null;
  /** seconds since the attempt began, and rows at that time */
  rate: [seconds: number, rows: number][];
  attempts: Attempt[];
  /** every row has its outcome; null while the task works */
  complete: boolean | null;
  /** why the task could not complete its work */
  failure: string | null;
}

export interface Report {
  /** distinguishes the reports of one task; empty for the first */
  suffix: string;
  facts: Facts;
  source: string | null;
  progress: Progress | null;
}

const REPORT_KEY = "clevertap_report";
const RETURN_KEY = "return_value";
/** Airflow shows the classes of this package, or the names of its decorators, as the operators of their tasks. */
const OURS = /^(CleverTap|@task\.clevertap_|_?Decorated.*CleverTap)/;

export function isOurs(task: TaskInstance): boolean {
  return OURS.test(task.operator_name ?? "") || OURS.test(task.operator ?? "");
}

/** Read the reports of a task, one for each of its loads; without one, the value that it returned. */
export async function readReports(api: Api, task: TaskInstance): Promise<Report[]> {
  const keys = await api.keys();
  const wanted = keys.filter((key) => key === REPORT_KEY || key.startsWith(`${REPORT_KEY}_`)).sort();
  const reports = await Promise.all(wanted.map(async (key) => readReport(await api.xcom(key), key)));
  const read = reports.filter((each) => each !== null);
  if (read.length) return read;
  const returned = keys.includes(RETURN_KEY) ? await api.xcom(RETURN_KEY) : null;
  if (!isFacts(returned) || !(isOurs(task) || "rejects_rows" in returned)) return [];
  return [{ suffix: "", facts: returned, source: null, progress: null }];
}

function readReport(value: unknown, key: string): Report | null {
  if (!isFacts(value) || !isFacts(value["facts"])) return null;
  const { share, complete } = value;
  return {
    suffix: key.slice(REPORT_KEY.length),
    facts: value["facts"],
    source: text(value, "source"),
    progress: {
      share: typeof share === "number" ? share : null,
      rate: list(value["rate"]).filter(isPair),
      attempts: list(value["attempts"]).filter(isPair),
      complete: typeof complete === "boolean" ? complete : null,
      failure: text(value, "failure"),
    },
  };
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === "number");
}

export function isFacts(value: unknown): value is Facts {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function number(facts: Facts, name: string): number {
  const value = facts[name];
  return typeof value === "number" ? value : 0;
}

export function text(facts: Facts, name: string): string | null {
  const value = facts[name];
  return typeof value === "string" && value ? value : null;
}
