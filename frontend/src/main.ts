// The page: find out which task instance it is about, read its report, show it, and read it again while the task runs.

import { apiRoot, readAddress } from "./address";
import { Api, ApiError, type TaskInstance } from "./api";
import { type Child, h, replaceContent } from "./dom";
import { isOurs, readReports } from "./facts";
import type { Start } from "./parts/steps";
import { showReport } from "./reports/kinds";
import { followTheme } from "./theme";

/** Milliseconds between two looks at a task that has not ended. The task itself writes every ten seconds. */
const LOOK_EVERY = 5_000;
const FINAL = new Set(["success", "failed", "skipped", "upstream_failed", "removed"]);
const WORKING = new Set(["running", "restarting"]);

const place = document.getElementById("report") as HTMLElement;
let shown = "";

/** Show the task as it is now; return whether it may change. */
async function look(api: Api): Promise<boolean> {
  const task = await api.taskInstance();
  const reports = await readReports(api, task);
  const tries = reports.length ? await optional(api.attempts(), [task]) : [];
  const seen = JSON.stringify([task.state, task.try_number, reports, tries]);
  if (seen !== shown) {
    const start = await startOf(api, task);
    const isRunning = WORKING.has(task.state ?? "");
    const parts = reports.flatMap((report) => showReport({ report, task, tries, start, isRunning }));
    shown = seen;
    show(parts.length ? parts : nothing(task));
  }
  return !FINAL.has(task.state ?? "");
}

async function startOf(api: Api, task: TaskInstance): Promise<Start> {
  const [conf, params] = await Promise.all([optional(api.conf(), {}), optional(api.params(), {})]);
  const source = task.rendered_fields?.["source"];
  return { conf, params, source: typeof source === "string" ? source : null };
}

/** Return what was asked for, or something else where the viewer may not have it. */
async function optional<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked;
  } catch {
    return otherwise;
  }
}

function nothing(task: TaskInstance): Child[] {
  const state = task.state ?? "";
  if (!isOurs(task)) {
    return [message("There is no report.", "This task has neither loaded anything into CleverTap nor exported from it.")];
  }
  if (WORKING.has(state)) return [message("The task is running.", "Its report comes a few seconds after its work has begun.")];
  if (state === "failed" || state === "up_for_retry") {
    return [
      message(
        "The task failed before its work had begun: nothing was sent.",
        "The tab Logs says why; the last line names what to correct, such as the connection, a path or a column.",
      ),
    ];
  }
  if (state === "success") {
    return [message("The task has no report.", "Its value in XCom is missing, or kept by a backend that Airflow's API does not read.")];
  }
  if (state === "skipped" || state === "upstream_failed") return [message("The task did not run, so there is no report.")];
  return [message("The task has not started yet.", "This page looks again by itself.")];
}

function message(...lines: string[]): HTMLElement {
  return h("div", { class: "message", role: "status" }, ...lines.map((line) => h("p", {}, line)));
}

function show(children: Child[]): void {
  replaceContent(place, children);
  place.removeAttribute("aria-busy");
}

async function explain(error: unknown, api: Api): Promise<HTMLElement> {
  if (!(error instanceof ApiError)) return message("Airflow cannot be reached.", "This page asks again by itself.");
  if (error.status === 401) return message("You are not logged in, or no longer.", "Reload the page to log in.");
  if (error.status === 403) {
    return message("You may not see this report.", "It needs the right to read the tasks and the XComs of this DAG.");
  }
  if (error.status !== 404) return message(error.message, "This page asks again by itself.");
  const instances = await optional(api.mappedInstances(), 0);
  if (!instances) return message("There is no such task instance.");
  return message(
    `This task is mapped: it has ${instances} ${instances === 1 ? "instance" : "instances"}.`,
    "Each has its own report: choose one in the list of task instances.",
  );
}

async function follow(api: Api): Promise<void> {
  let again = true;
  if (!document.hidden || !shown) {
    try {
      again = await look(api);
    } catch (error) {
      // Nothing stays on the page of somebody who may no longer see it.
      shown = "";
      show([await explain(error, api)]);
      again = !(error instanceof ApiError) || error.status >= 500;
    }
  }
  if (again) setTimeout(() => void follow(api), LOOK_EVERY);
}

followTheme();
const address = readAddress(window.location.search);
if (address === null) show([message("Open this page as the tab of a task instance.")]);
else void follow(new Api(apiRoot(window.location.origin + window.location.pathname), address));
