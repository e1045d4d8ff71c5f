// How the sound is drawn: the form, and what the server is told of it.
import { byId } from "../dom";

const input = (id: string) => byId<HTMLInputElement>(id);

export class Settings {
  constructor(
    maxDuration_s: number,
    private readonly onChange: () => void,
  ) {
    const form = byId<HTMLFormElement>("settings");
    input("duration").max = String(maxDuration_s);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.changed());
    byId("another").addEventListener("click", () => {
      input("seed").value = String((Number(input("seed").value) || 0) + 1);
      this.changed();
    });
    this.showValues();
  }

  private changed(): void {
    this.showValues();
    if (byId<HTMLFormElement>("settings").reportValidity()) this.onChange();
  }

  private showValues(): void {
    for (const id of ["temperature", "guidance"]) {
      byId(`${id}-value`).textContent = Number(input(id).value).toFixed(1);
    }
  }

  /** What every sound is drawn with. */
  parameters(): Record<string, string> {
    return {
      ...Object.fromEntries(["seed", "variation", "temperature", "guidance"].map((id) => [id, input(id).value])),
      channels: input("stereo").checked ? "2" : "1",
    };
  }

  /** Length of a download. */
  length(): Record<string, string> {
    return { duration_s: input("duration").value };
  }

  get endless(): boolean {
    return input("endless").checked;
  }
}
