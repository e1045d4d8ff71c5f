// Keys, mouse, touch and the pad of buttons, as one wish to move.
import type { Intent, Walker } from "./walker";

const KEYS: Record<string, Partial<Intent>> = {
  ArrowUp: { forward: 1 },
  KeyW: { forward: 1 },
  ArrowDown: { forward: -1 },
  KeyS: { forward: -1 },
  KeyA: { right: -1 },
  KeyD: { right: 1 },
  ArrowLeft: { turnLeft: 1 },
  KeyQ: { turnLeft: 1 },
  ArrowRight: { turnLeft: -1 },
  KeyE: { turnLeft: -1 },
};
const RAD_PER_PIXEL = 0.005;
const STEP_S = 0.3; // how long a button walks that a key or a screen reader has pressed

export class Controls {
  private readonly wishes = new Map<string, Partial<Intent>>();

  constructor(
    view: HTMLElement,
    pad: HTMLElement,
    private readonly walker: Walker,
    private readonly onMove: () => void,
  ) {
    this.bindKeys(view);
    this.bindDrag(view);
    for (const button of pad.querySelectorAll<HTMLButtonElement>("button[data-key]")) this.bindButton(button);
    addEventListener("blur", () => this.wishes.clear());
    document.addEventListener("visibilitychange", () => this.wishes.clear());
  }

  get intent(): Intent {
    const sum = { forward: 0, right: 0, turnLeft: 0 };
    for (const wish of this.wishes.values()) {
      sum.forward += wish.forward ?? 0;
      sum.right += wish.right ?? 0;
      sum.turnLeft += wish.turnLeft ?? 0;
    }
    const limit = (value: number) => Math.min(1, Math.max(-1, value));
    return { forward: limit(sum.forward), right: limit(sum.right), turnLeft: limit(sum.turnLeft) };
  }

  private wish(source: string, wish: Partial<Intent> | null): void {
    if (!wish) this.wishes.delete(source);
    else {
      this.wishes.set(source, wish);
      this.onMove();
    }
  }

  private bindKeys(view: HTMLElement): void {
    view.addEventListener("keydown", (event) => {
      const wish = KEYS[event.code];
      if (!wish || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.wish(event.code, wish);
    });
    addEventListener("keyup", (event) => this.wish(event.code, null));
    view.addEventListener("blur", () => this.wishes.clear());
  }

  /** A mouse turns; one finger turns and walks, by how far it is from where it came down. */
  private bindDrag(view: HTMLElement): void {
    let last: { id: number; x: number; y: number; fromY: number } | null = null;
    view.addEventListener("pointerdown", (event) => {
      if (last) return;
      last = { id: event.pointerId, x: event.clientX, y: event.clientY, fromY: event.clientY };
      view.setPointerCapture(event.pointerId);
    });
    view.addEventListener("pointermove", (event) => {
      if (last?.id !== event.pointerId) return;
      this.walker.turn((event.clientX - last.x) * RAD_PER_PIXEL);
      last.x = event.clientX;
      const pull = (last.fromY - event.clientY) / 90;
      if (event.pointerType !== "mouse") {
        this.wish("finger", { forward: Math.abs(pull) < 0.2 ? 0 : Math.min(1, Math.max(-1, pull)) });
      }
      this.onMove();
    });
    const end = (event: PointerEvent) => {
      if (last?.id !== event.pointerId) return;
      last = null;
      this.wish("finger", null);
    };
    view.addEventListener("pointerup", end);
    view.addEventListener("pointercancel", end);
  }

  private bindButton(button: HTMLButtonElement): void {
    const wish = KEYS[button.dataset.key!]!;
    const source = `pad ${button.dataset.key}`;
    button.addEventListener("pointerdown", () => this.wish(source, wish));
    for (const end of ["pointerup", "pointerleave", "pointercancel"]) {
      button.addEventListener(end, () => this.wish(source, null));
    }
    button.addEventListener("click", (event) => {
      if (event.detail > 0) return; // a pointer, which held it
      this.wish(source, wish);
      setTimeout(() => this.wish(source, null), STEP_S * 1000);
    });
    button.addEventListener("contextmenu", (event) => event.preventDefault());
  }
}
