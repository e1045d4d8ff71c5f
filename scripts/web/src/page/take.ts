// Take it with you: sound files, their JSON, and the command that repeats them.
import { ask, askJson, wordsOf } from "../api";
import { byId, make, settle } from "../dom";

const COMMAND_WAIT_MS = 400; // the sound comes first

export class TakeAway {
  private query: string | null = null;
  private readonly refresh = settle(COMMAND_WAIT_MS, () => void this.showCommand());

  constructor(
    private readonly tell: (words: string) => void,
    private readonly complain: (words: string) => void,
  ) {
    for (const format of ["wav", "flac"]) {
      this.bind(format, (query) => this.save(`api/download?${query}&format=${format}`, `photowave.${format}`));
    }
    this.bind("json", (query) => this.save(`api/describe?${query}`, "photowave.json"));
    byId("copy").addEventListener("click", () => void this.copy());
  }

  /** Say what is to be taken: the settings of a sound with its length. */
  set(query: string): void {
    this.query = query;
    for (const id of ["wav", "flac", "json"]) byId<HTMLButtonElement>(id).disabled = false;
    this.refresh();
  }

  private bind(id: string, action: (query: string) => Promise<void>): void {
    const button = byId<HTMLButtonElement>(id);
    button.addEventListener("click", async () => {
      if (this.query === null || button.getAttribute("aria-busy") === "true") return;
      button.setAttribute("aria-busy", "true");
      this.complain("");
      this.tell("Drawing the file …");
      try {
        await action(this.query);
        this.tell("The file is ready.");
      } catch (error) {
        this.tell("");
        this.complain(wordsOf(error));
      } finally {
        button.removeAttribute("aria-busy");
      }
    });
  }

  private async save(path: string, fallback: string): Promise<void> {
    const response = await ask(path);
    const named = /filename="?([^";]+)"?/.exec(response.headers.get("Content-Disposition") ?? "");
    const url = URL.createObjectURL(await response.blob());
    make("a", { href: url, download: named?.[1] ?? fallback }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  private async showCommand(): Promise<void> {
    try {
      const { command } = await askJson<{ command: string }>(`api/describe?${this.query}`);
      byId("command").textContent = command;
    } catch (error) {
      this.complain(wordsOf(error));
    }
  }

  private async copy(): Promise<void> {
    const command = byId("command");
    try {
      await navigator.clipboard.writeText(command.textContent);
      this.tell("The command is copied.");
    } catch {
      // Without https there is no clipboard: it is selected for Ctrl+C.
      getSelection()?.selectAllChildren(command);
      this.tell("The command is selected: copy it with Ctrl+C.");
    }
  }
}
