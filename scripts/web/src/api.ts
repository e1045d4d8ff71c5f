// What the server is asked, and its errors as they are.

export interface Model {
  places: string[];
  sample_rate: number;
  channels: number;
  photos: boolean;
  /** Sounds that the server draws at once. */
  room: number;
  max_upload_bytes: number;
  max_download_s: number;
}

export interface Heard {
  place: string;
  probability: number;
}

export interface Reading {
  photo: string;
  heard: Heard[];
  known: boolean;
  nearest: string;
  words: string;
}

export interface Picture {
  id: string;
  name: string;
  width: number;
  height: number;
}

/** An error that the server explains in one line, or that keeps it from answering. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly retryAfter_s: number | null,
  ) {
    super(message);
  }
}

/** Ask for a resource; what is not a success becomes a `ServerError` with the server's own words. */
export async function ask(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServerError("The server does not answer. See whether photowave serve still runs, then try again.", 0, null);
  }
  if (response.ok) return response;
  const told: unknown = await response.json().catch(() => null);
  const words = told !== null && typeof told === "object" && "error" in told ? String(told.error) : null;
  const wait_s = Number(response.headers.get("Retry-After") ?? NaN);
  throw new ServerError(
    words ?? `The server answered ${response.status}. Try again.`,
    response.status,
    Number.isFinite(wait_s) ? wait_s : null,
  );
}

export async function askJson<T>(path: string, init?: RequestInit): Promise<T> {
  return (await (await ask(path, init)).json()) as T;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Words for whoever uses the page. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The name of a place as people write it. */
export function placeName(place: string): string {
  return place.replaceAll("_", " ");
}

export function percent(share: number): string {
  const value = share * 100;
  return value > 0 && value < 1 ? "under 1 %" : `${Math.round(value)} %`;
}
