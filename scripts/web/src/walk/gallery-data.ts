// What the data inside a gallery's pages tell of each photo, and who made the recordings behind its sound.
import type { Heard } from "../api";

/** A photo of a gallery, as its page lists them. */
export interface GalleryPhoto {
  name: string;
  /** Author, licence and source of the photo; empty where nobody said it. */
  credit: string;
  photo: string;
  width: number;
  height: number;
  sound: string;
  duration_s: number;
  spectrogram: string;
  embedded?: string;
  heard: Heard[];
  words: string;
  attribution: string;
  licence: string;
}

export interface Gallery {
  title: string;
  sample_rate: number;
  photos: GalleryPhoto[];
}

/** Whose the photo itself is. */
export function photoCreditOf({ credit }: GalleryPhoto): string {
  return `Photo: ${credit || "no author or licence given"}`;
}

/** The recordings that a sound was learned from, with their authors and licences. */
export function creditOf({ attribution, licence }: GalleryPhoto): string {
  return attribution.includes(licence) ? attribution : [attribution, licence].filter(Boolean).join(", ");
}
