// Which task instance the page is about, and where Airflow's API is.

export interface TaskAddress {
  dagId: string;
  runId: string;
  taskId: string;
  mapIndex: number;
}

/**
 * Read the task instance from the query of the page's address, null when it names none.
 *
 * Some releases of Airflow encode the ids and others do not, so a plus sign is no space. Airflow leaves the name of
 * the map index as it is where there is none.
 */
export function readAddress(query: string): TaskAddress | null {
  const named = new Map<string, string>();
  for (const part of query.replace(/^\?/, "").split("&")) {
    const [name = "", ...value] = part.split("=");
    try {
      named.set(name, decodeURIComponent(value.join("=")));
    } catch {
      named.set(name, value.join("="));
    }
  }
  const [dagId, runId, taskId] = ["dag_id", "run_id", "task_id"].map((name) => named.get(name) ?? "");
  if (!dagId || !runId || !taskId) return null;
  const mapIndex = named.get("map_index") ?? "";
  return { dagId, runId, taskId, mapIndex: /^\d+$/.test(mapIndex) ? Number(mapIndex) : -1 };
}

/** Return the address of Airflow's API. Airflow may be served below a path, and the page is in the folder clevertap. */
export function apiRoot(page: string): string {
  return page.replace(/\/clevertap\/[^/]*$/, "/api/v2");
}
