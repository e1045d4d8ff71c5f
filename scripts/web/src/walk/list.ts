// The pictures as a plain list: for screen readers, for browsers without WebGL, and for whoever likes it better.
import { percent, placeName } from "../api";
import { make } from "../dom";
import type { Exhibit } from "./exhibits";

/** What was heard in a picture, in words; empty before it sounded. */
export function heardWords(exhibit: Exhibit): string {
  return (exhibit.heard ?? [])
    .slice(0, 3)
    .map(({ place, probability }) => `${placeName(place)} ${percent(probability)}`)
    .join(", ");
}

export class PictureList {
  private readonly rows: { button: HTMLButtonElement; words: HTMLElement; exhibit: Exhibit }[];

  constructor(list: HTMLElement, exhibits: Exhibit[], onPlay: (index: number) => void) {
    this.rows = exhibits.map((exhibit, index) => {
      const { name, width, height, credit } = exhibit;
      const image = make("img", { alt: `Photo: ${name}`, width, height, loading: "lazy" });
      const button = make("button", { type: "button", "aria-pressed": "false", "aria-label": `Play ${name}` }, "Play");
      button.addEventListener("click", () => onPlay(index));
      const words = make("p", { class: "quiet" }, heardWords(exhibit));
      list.append(make("li", {}, image, make("h3", {}, name), words, ...(credit ? [make("small", {}, credit)] : []), button));
      whenSeen(image, () => void exhibit.picture().then((url) => (image.src = url)));
      return { button, words, exhibit };
    });
  }

  /** Mark what sounds. */
  show(isSounding: (index: number) => boolean): void {
    this.rows.forEach(({ button, words, exhibit }, index) => {
      const sounding = isSounding(index);
      button.setAttribute("aria-pressed", String(sounding));
      button.setAttribute("aria-label", `${sounding ? "Stop" : "Play"} ${exhibit.name}`);
      button.textContent = sounding ? "Stop" : "Play";
      words.textContent = heardWords(exhibit);
    });
  }
}

/** Do something when an element first comes near the window. */
function whenSeen(element: Element, action: () => void): void {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      action();
    },
    { rootMargin: "200px" },
  );
  observer.observe(element);
}
