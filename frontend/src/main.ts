// The page: find out which task instance it is about, read its report, show it, and read it again while the task runs.

import { readAddress, apiRoot } from "./address";
import { Api, ApiError, type TaskInstance } from "./api";
import { type Child, h, replaceContent } from "./dom";
import { isOurs, readReports } from "./facts";
import { showReport } from "./reports/kinds";
import { followTheme } from "./theme";

/** Milliseconds between two looks at a task that has not ended. The task itself writes every ten seconds. */
const LOOK_EVERY = 5_000;
const FINAL = new Set(["success", "failed", "skipped", "upstream_failed", "removed"]);

const place = document.getElementById("report") as HTMLElement;
let shown = "";

async function look(api: Api): Promise<boolean> {
  const task = await api.taskInstance();
  const reports = await readReports(api, task);
  const seen = JSON.stringify([task, reports]);
  if (seen !== shown) {
    shown = seen;
    const parts = reports.flatMap((report) => showReport({ report, task }));
    show(parts.length ? parts : [message(nothing(task))]);
  }
  return !FINAL.has(task.state ?? "");
}

function nothing(task: TaskInstance): string {
  if (!isOurs(task)) return "This task neither loads into CleverTap nor exports from it, so there is no report.";
  return "There is no report yet.";
}

function show(children: Child[]): void {
  replaceContent(place, children);
  place.removeAttribute("aria-busy");
}

function message(text: string): HTMLElement {
  return h("p", { class: "message", role: "status" }, text);
}

function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return "Airflow cannot be reached. This page asks again by itself.";
  if (error.status === 401) return "You are not logged in, or no longer. Reload the page to log in.";
  if (error.status === 403) return "You may not see this report: it needs the right to read the XComs of this DAG.";
  if (error.status === 404) return "There is no such task instance.";
  return `${error.message}. This page asks again by itself.`;
}

async function follow(api: Api): Promise<void> {
  let again = true;
  if (!document.hidden) {
    try {
      again = await look(api);
    } catch (error) {
      // Nothing stays on the page of somebody who may no longer see it.
      shown = "";
      show([message(explain(error))]);
      again = !(error instanceof ApiError) || error.status >= 500;
    }
  }
  if (again) setTimeout(() => void follow(api), LOOK_EVERY);
}

followTheme();
const address = readAddress(window.location.search);
if (address === null) show([message("Open this page as the tab of a task instance.")]);
else void follow(new Api(apiRoot(window.location.origin + window.location.pathname), address));
