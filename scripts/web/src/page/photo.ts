// How a photo comes in: dropped, pasted, chosen, or taken with the camera.
import { byId } from "../dom";

export class PhotoInput {
  private readonly drop = byId("drop");
  private readonly preview = byId<HTMLImageElement>("preview");

  constructor(
    private readonly onPhoto: (photo: File) => void,
    private readonly onRefused: (words: string) => void,
  ) {
    for (const id of ["choose", "camera"]) {
      const input = byId<HTMLInputElement>(id);
      input.addEventListener("change", () => {
        this.take(input.files);
        input.value = ""; // the same file may be chosen again
      });
    }
    addEventListener("paste", (event) => {
      if (event.clipboardData?.files.length) this.take(event.clipboardData.files);
    });
    this.bindDrop();
  }

  private bindDrop(): void {
    let depth = 0; // dragging over a child leaves its parent
    const mark = (change: number) => {
      depth = Math.max(0, depth + change);
      this.drop.classList.toggle("over", depth > 0);
    };
    addEventListener("dragenter", () => mark(1));
    addEventListener("dragleave", () => mark(-1));
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      mark(-depth);
      this.take(event.dataTransfer?.files ?? null);
    });
  }

  private take(files: FileList | null): void {
    const photo = files?.[0];
    if (!photo) this.onRefused("There is no file in what was dropped. Drop a photo that is saved on this device.");
    else if (files.length > 1) this.onRefused("One photo at a time, please. Drop only one.");
    else this.onPhoto(photo);
  }

  /** Show a photo that the server could read. */
  show(photo: File): void {
    URL.revokeObjectURL(this.preview.src);
    this.preview.onerror = () => (this.preview.hidden = true); // a format that only the server knows
    this.preview.hidden = false;
    this.preview.src = URL.createObjectURL(photo);
    this.preview.alt = `Your photo ${photo.name}`;
    this.drop.classList.add("filled");
    byId("invite-words").textContent = "Another one: drop or paste it.";
  }
}
