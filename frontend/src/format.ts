// Numbers, times and durations as people read them.

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function count(value: number): string {
  return WHOLE.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Write a share of a whole: small shares keep a digit, and nothing but the whole is 100 %. */
export function percent(part: number, whole: number): string {
  if (!whole || !part) return "0 %";
  const value = (100 * part) / whole;
  if (value < 0.1) return "< 0.1 %";
  if (value > 99.9 && part < whole) return "> 99.9 %";
  return `${value < 10 || value > 99 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0)} %`;
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${rest} min`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest} h`;
}

export function moment(text: string | null): string {
  if (text === null) return "";
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}
