// What a task has left in XCom: the facts of a load or an export, and its progress.

import type { Api, TaskInstance } from "./api";

export type Facts = Record<string, unknown>;

/** How far a task is, and how it came there. */
export interface Progress {
  /** the share of the source that is read, null when it is unknown */
  share: number | null;
  /** seconds since the attempt began, and rows at that time */
  rate: [number, number][];
  /** the row at which each attempt began, of which the last is the latest */
  startedAtRows: number[];
  /** the task has ended the work, well or not */
  ended: boolean;
}

export interface Report {
  facts: Facts;
  progress: Progress | null;
  source: string | null;
}

const REPORT_KEY = "clevertap_report";
const RETURN_KEY = "return_value";
/** The name of every class of this package that Airflow shows as a task's operator begins so. */
const OURS = /^(CleverTap|@task\.clevertap_)/;

export function isOurs(task: TaskInstance): boolean {
  return OURS.test(task.operator_name ?? "") || OURS.test(task.operator ?? "");
}

/**
 * Read the reports of a task: one for each of its loads.
 *
 * A task of an older version of the package has the facts alone, as the value that it returned.
 */
export async function readReports(api: Api, task: TaskInstance): Promise<Report[]> {
  const keys = await api.keys();
  const wanted = keys.filter((key) => key === REPORT_KEY || key.startsWith(`${REPORT_KEY}_`)).sort();
  const reports = (await Promise.all(wanted.map((key) => api.xcom(key)))).map(readReport).filter((each) => each !== null);
  if (reports.length) return reports;
  const returned = keys.includes(RETURN_KEY) ? await api.xcom(RETURN_KEY) : null;
  if (!isFacts(returned) || !(isOurs(task) || "rejects_rows" in returned)) return [];
  return [{ facts: returned, progress: null, source: null }];
}

function readReport(value: unknown): Report | null {
  if (!isFacts(value) || !isFacts(value["facts"])) return null;
  const share = value["share"];
  return {
    facts: value["facts"],
    source: text(value, "source"),
    progress: {
      share: typeof share === "number" ? share : null,
      rate: list(value["rate"]).filter(isPoint),
      startedAtRows: list(value["started_at_rows"]).filter((each) => typeof each === "number"),
      ended: value["ended"] === true,
    },
  };
}

function isPoint(value: unknown): value is [number, number] {
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
