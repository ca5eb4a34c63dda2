// The rate over time, as a picture and as a table.

import { h, svg } from "../dom";
import type { Progress } from "../facts";
import { count, duration } from "../format";
import { section, table } from "./table";

const WIDTH = 720;
const HEIGHT = 150;
const LEFT = 64;
const BOTTOM = 22;
const TOP = 8;
/** Intervals in the picture: fewer than points, as answers come in bursts. */
const INTERVALS = 40;

interface Interval {
  from: number;
  to: number;
  rate: number;
}

export function rate(progress: Progress, suffix: string): HTMLElement | null {
  const intervals = intervalsOf(progress.rate);
  if (intervals.length < 2) return null;
  const end = intervals[intervals.length - 1]?.to ?? 1;
  const top = niceTop(Math.max(...intervals.map((each) => each.rate)));
  const x = (seconds: number) => LEFT + ((WIDTH - LEFT) * seconds) / end;
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const line = intervals.map(({ from, to, rate }) => `L${x(from).toFixed(1)} ${y(rate).toFixed(1)}H${x(to).toFixed(1)}`);
  const outline = `M${LEFT} ${y(0)}${line.join("")}L${x(end).toFixed(1)} ${y(0)}Z`;
  const mean = intervals.reduce((sum, { from, to, rate }) => sum + rate * (to - from), 0) / end;
  const label = `Rows per second over ${duration(end)}: ${count(mean)} on average, ${count(Math.max(...intervals.map((each) => each.rate)))} at most`;
  const ticks = [0, top / 2, top].map((value) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
    svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, count(value)),
  ]);
  return section(
    `rate${suffix}`,
    "Rows per second",
    svg(
      "svg",
      { class: "rate", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
      ...ticks.flat(),
      svg("path", { class: "area", d: outline }),
      svg("text", { x: LEFT, y: HEIGHT - 4 }, "0 s"),
      svg("text", { x: WIDTH, y: HEIGHT - 4, "text-anchor": "end" }, duration(end)),
    ),
    h(
      "details",
      { id: `rate-table${suffix}` },
      h("summary", {}, "As a table"),
      table(
        "Rows per second",
        [{ title: "Until" }, { title: "Rows per second", kind: "number" }],
        intervals.map(({ to, rate }) => [duration(to), count(rate)]),
      ),
    ),
  );
}

function intervalsOf(points: [number, number][]): Interval[] {
  const end = points[points.length - 1]?.[0] ?? 0;
  const kept = points.slice(0, 1);
  for (const point of points.slice(1)) {
    if (point[0] - (kept[kept.length - 1]?.[0] ?? 0) >= end / INTERVALS) kept.push(point);
  }
  // What happened in the last moment belongs to the interval before it.
  const latest = points[points.length - 1];
  if (latest !== undefined && kept.length > 1) kept[kept.length - 1] = latest;
  return kept.slice(1).map((point, at) => {
    const [from, rows] = kept[at] ?? [0, 0];
    return { from, to: point[0], rate: Math.max(0, (point[1] - rows) / (point[0] - from)) };
  });
}

/** Return a round number above a value. */
function niceTop(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 4, 5, 10].map((times) => times * unit).find((top) => top >= value) ?? 10 * unit;
}
