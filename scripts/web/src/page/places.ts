// The places that the model hears, each a button that overrules it; two or more can be blended.
import { type Heard, percent, placeName, type Reading } from "../api";
import { byId, make } from "../dom";

const FIRST = 6; // shown before "all places"
const HALF = 50; // where a share starts, in 1 to 100

export class Places {
  private heard: Heard[] = [];
  private nearest: string | null = null; // what the photo sounds like; null without one
  private place: string | null = null;
  private readonly shares = new Map<string, number>();
  private all = false;
  private readonly list = byId("places");
  private readonly more = byId<HTMLButtonElement>("all-places");
  private readonly follow = byId<HTMLButtonElement>("follow");

  constructor(
    private readonly sounding: ReadonlySet<string>,
    private readonly onChange: () => void,
  ) {
    this.more.addEventListener("click", () => {
      this.all = !this.all;
      this.show();
    });
    this.follow.addEventListener("click", () => {
      this.clear();
      this.change("");
      byId("play").focus();
    });
    this.heard = [...sounding].map((place) => ({ place, probability: NaN }));
    this.show();
  }

  /** Show what was heard in a photo; what was overruled before is forgotten. */
  setReading(reading: Reading): void {
    this.heard = reading.heard;
    this.nearest = reading.nearest;
    this.clear();
    this.show();
  }

  /** What the server is told about places; null where there is neither a photo nor a place. */
  parameters(): Record<string, string> | null {
    if (this.shares.size > 1) {
      return { blend: [...this.shares].map(([place, share]) => `${place}:${share / 100}`).join() };
    }
    const place = this.place ?? [...this.shares.keys()][0];
    if (place !== undefined) return { place };
    return this.nearest === null ? null : {};
  }

  /** What plays, in words. */
  describe(): string {
    if (this.shares.size > 1) return [...this.shares.keys()].map(placeName).join(" and ");
    const place = this.place ?? [...this.shares.keys()][0] ?? this.nearest;
    return place === null ? "" : placeName(place);
  }

  private clear(): void {
    this.place = null;
    this.shares.clear();
  }

  private change(focus: string): void {
    this.show();
    if (focus) byId(focus).focus();
    this.onChange();
  }

  private show(): void {
    const chosen = (place: string) => place === this.place || this.shares.has(place);
    const rows = this.heard.filter(({ place }, rank) => this.all || rank < FIRST || chosen(place));
    this.list.replaceChildren(...rows.map((row) => this.row(row)));
    this.more.hidden = this.heard.length <= FIRST;
    this.more.textContent = this.all ? "Show fewer places" : `Show all ${this.heard.length} places`;
    this.more.setAttribute("aria-expanded", String(this.all));
    this.follow.hidden = this.nearest === null || (this.place === null && this.shares.size === 0);
    byId("blend").hidden = this.shares.size < 2;
    byId("shares").replaceChildren(...[...this.shares.keys()].map((place) => this.slider(place)));
  }

  private row({ place, probability }: Heard): HTMLElement {
    const known = Number.isFinite(probability);
    const name = placeName(place);
    const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
    (bar.firstChild as HTMLElement).style.transform = `scaleX(${known ? probability : 0})`;
    const label = [
      make("span", { class: "name" }, name),
      ...(known ? [make("span", { class: "share" }, percent(probability)), bar] : []),
    ];
    if (!this.sounding.has(place)) {
      return make("li", {}, make("span", { class: "place mute" }, ...label), make("small", {}, "no sound yet"));
    }
    const choose = make(
      "button",
      { type: "button", id: `place-${place}`, class: "place", "aria-pressed": String(this.place === place) },
      ...label,
    );
    choose.addEventListener("click", () => {
      const again = this.place === place && this.nearest !== null;
      this.clear();
      this.place = again ? null : place;
      this.change(choose.id);
    });
    const mixed = this.shares.has(place);
    const mix = make(
      "button",
      { type: "button", id: `mix-${place}`, class: "mix", "aria-pressed": String(mixed), "aria-label": `Blend in ${name}` },
      mixed ? "−" : "+",
    );
    mix.addEventListener("click", () => {
      // Blending starts from what plays now.
      const first = this.place ?? this.nearest;
      if (this.shares.size === 0 && first !== null && first !== place) this.shares.set(first, HALF);
      this.place = null;
      if (!this.shares.delete(place)) this.shares.set(place, HALF);
      this.change(mix.id);
    });
    return make("li", {}, choose, mix);
  }

  private slider(place: string): HTMLElement {
    const share = this.shares.get(place)!;
    const slider = make("input", { type: "range", min: 1, max: 100, value: share, "aria-label": `Share of ${placeName(place)}` });
    slider.addEventListener("input", () => {
      this.shares.set(place, Number(slider.value));
      this.onChange();
    });
    return make("label", { class: "share-row" }, make("span", {}, placeName(place)), slider);
  }
}
