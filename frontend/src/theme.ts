// The page is dark or light as Airflow is, also when the reader changes that.

/** Follow the theme of the page that shows this one, else that of the system. */
export function followTheme(): void {
  const outer = outerRoot();
  if (outer === null) return;
  const copy = () => {
    const dark = outer.classList.contains("dark") || outer.dataset["theme"] === "dark";
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  };
  copy();
  new MutationObserver(copy).observe(outer, { attributes: true, attributeFilter: ["class", "data-theme"] });
}

function outerRoot(): HTMLElement | null {
  if (window.parent === window) return null;
  try {
    return window.parent.document.documentElement;
  } catch {
    return null; // another site shows the page
  }
}
