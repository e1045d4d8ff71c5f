// Small helpers for elements.

/** The element with an id; it is in the page by construction. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`#${id} is missing in the page.`);
  return found as T;
}

type Attributes = Record<string, string | number | boolean | undefined>;

/** Make an element; text stays text, so nothing of a server or a file becomes markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

export const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Call once, some time after the last of many calls. */
export function settle(wait_ms: number, action: () => void): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(action, wait_ms);
  };
}
