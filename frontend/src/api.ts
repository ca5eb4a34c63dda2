// Airflow's REST API, asked with the viewer's own session: whoever may not read a task gets nothing from it.

import type { TaskAddress } from "./address";

export interface TaskInstance {
  state: string | null;
  try_number: number;
  map_index: number;
  operator?: string | null;
  operator_name?: string | null;
  start_date: string | null;
  end_date: string | null;
  duration: number | null;
  rendered_fields?: Record<string, unknown>;
}

export interface XComKey {
  key: string;
  map_index: number;
}

/** What the API has answered instead of data. */
export class ApiError extends Error {
  constructor(readonly status: number) {
    super(`Airflow answered with HTTP ${status}`);
  }
}

export class Api {
  readonly #run: string;
  readonly #task: string;
  readonly #instance: string;

  constructor(
    private readonly root: string,
    readonly address: TaskAddress,
  ) {
    this.#run = `/dags/${encodeURIComponent(address.dagId)}/dagRuns/${encodeURIComponent(address.runId)}`;
    this.#task = `${this.#run}/taskInstances/${encodeURIComponent(address.taskId)}`;
    this.#instance = address.mapIndex < 0 ? this.#task : `${this.#task}/${address.mapIndex}`;
  }

  taskInstance(): Promise<TaskInstance> {
    return this.#get(this.#instance);
  }

  async attempts(): Promise<TaskInstance[]> {
    return (await this.#get<{ task_instances: TaskInstance[] }>(`${this.#instance}/tries`)).task_instances;
  }

  async keys(): Promise<string[]> {
    const query = `limit=100&map_index=${this.address.mapIndex}`;
    const found = await this.#get<{ xcom_entries: XComKey[] }>(`${this.#task}/xcomEntries?${query}`);
    return found.xcom_entries.filter((each) => each.map_index === this.address.mapIndex).map((each) => each.key);
  }

  async xcom(key: string): Promise<unknown> {
    const path = `${this.#task}/xcomEntries/${encodeURIComponent(key)}?map_index=${this.address.mapIndex}`;
    const { value } = await this.#get<{ value: unknown }>(path);
    return readJson(value);
  }

  /** Return the entries of the form a run was triggered with. */
  async conf(): Promise<Record<string, unknown>> {
    return (await this.#get<{ conf: Record<string, unknown> | null }>(this.#run)).conf ?? {};
  }

  /** Return the params of the DAG with their defaults. */
  async params(): Promise<Record<string, unknown>> {
    const path = `/dags/${encodeURIComponent(this.address.dagId)}/details`;
    const { params } = await this.#get<{ params: Record<string, unknown> | null }>(path);
    return Object.fromEntries(Object.entries(params ?? {}).map(([name, param]) => [name, defaultOf(param)]));
  }

  /** Return how many instances the task has, if it is mapped. */
  async mappedInstances(): Promise<number> {
    return (await this.#get<{ total_entries: number }>(`${this.#task}/listMapped?limit=1`)).total_entries;
  }

  async #get<T>(path: string): Promise<T> {
    const answer = await fetch(this.root + path, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new ApiError(answer.status);
    return (await answer.json()) as T;
  }
}

function defaultOf(param: unknown): unknown {
  return typeof param === "object" && param !== null && "value" in param ? param.value : param;
}

/** Some releases of Airflow answer with the value, others with its JSON text. */
function readJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
