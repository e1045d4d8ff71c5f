// One live stream: fetched as it is drawn, played by the worklet, read only as fast as it is heard.
import { ask, isAbort } from "../api";
import type { Engine } from "./engine";

const AHEAD_S = 4; // buffered in the browser at most; the server stops drawing then

interface Report {
  buffered: number;
  played: number;
  gaps: number;
  alive: boolean;
}

export interface Listener {
  /** The first sound comes out. */
  onSound?: () => void;
  /** The sound ran dry: the server draws too slowly. It goes on by itself. */
  onGap?: () => void;
  /** It is over: played to its end, faded out, or broken off with an error. */
  onEnd?: (error: unknown) => void;
}

export class LiveStream {
  readonly node: AudioWorkletNode;
  private readonly abort = new AbortController();
  private heard = false;
  private over = false;
  private broken: unknown = null;
  private report: Report = { buffered: 0, played: 0, gaps: 0, alive: true };
  private sent = 0; // frames
  private wake: (() => void) | null = null;

  /** Connect `node` before `start`. */
  constructor(
    engine: Engine,
    private readonly path: string,
    private readonly listener: Listener = {},
    channels: 1 | 2 = 2,
  ) {
    this.node = new AudioWorkletNode(engine.context, "pcm-player", {
      numberOfInputs: 0,
      outputChannelCount: [channels],
    });
    this.node.port.onmessage = ({ data }: MessageEvent<Report>) => this.receive(data);
  }

  /** Fetch and play; the sound fades in from its first sample. */
  start(fade_s: number): void {
    this.node.port.postMessage({ goal: 1, seconds: fade_s });
    this.read().catch((error: unknown) => {
      if (isAbort(error)) return;
      this.broken = error;
      // What is buffered is played before the error is told; without any, there is nothing to wait for.
      if (this.sent === 0) this.end();
      else this.node.port.postMessage({ complete: true });
    });
  }

  /** Fade out, then be silent for good. The server stops drawing at once. */
  stop(fade_s: number): void {
    this.abort.abort();
    this.wake?.();
    this.node.port.postMessage({ goal: 0, seconds: fade_s });
    // A context that is not running plays no fade.
    setTimeout(() => this.end(), fade_s * 1000 + 200);
  }

  private async read(): Promise<void> {
    const response = await ask(this.path, { signal: this.abort.signal, cache: "no-store" });
    const rate = Number(response.headers.get("X-Sample-Rate"));
    const channels = Number(response.headers.get("X-Channels"));
    const reader = response.body!.getReader();
    const frameBytes = 2 * channels;
    let rest = new Uint8Array(0); // a part of a frame
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const bytes = new Uint8Array(rest.length + value.length);
      bytes.set(rest);
      bytes.set(value, rest.length);
      const whole = bytes.length - (bytes.length % frameBytes);
      rest = bytes.slice(whole);
      if (whole === 0) continue;
      const pcm = bytes.buffer.slice(0, whole);
      this.sent += whole / frameBytes;
      this.node.port.postMessage({ pcm, channels }, [pcm]);
      while (this.sent - this.report.played > AHEAD_S * rate && !this.abort.signal.aborted) {
        await new Promise<void>((go) => (this.wake = go));
      }
    }
    this.node.port.postMessage({ complete: true });
  }

  private receive(report: Report): void {
    if (report.gaps > this.report.gaps && !this.abort.signal.aborted) this.listener.onGap?.();
    this.report = report;
    if (!this.heard && report.played > 0) {
      this.heard = true;
      this.listener.onSound?.();
    }
    this.wake?.();
    if (!report.alive) this.end();
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.abort.abort();
    this.node.disconnect();
    this.listener.onEnd?.(this.broken);
  }
}
