// What plays on the page: one sound at a time, a new one cross-fading into it.
import { ServerError, wordsOf } from "../api";
import { Engine } from "../audio/engine";
import { LiveStream } from "../audio/live";

const CROSS_FADE_S = 0.6;
const STOP_FADE_S = 0.15;
const LONGEST_WAIT_S = 60;

export type State = "idle" | "waiting" | "blocked" | "playing";

export class Player {
  private current: LiveStream | null = null;
  private coming: LiveStream | null = null;
  private timer = 0;
  private turn = 0; // of the latest wish: an older one that still waits is dropped

  constructor(
    readonly engine: Engine,
    private readonly onState: (state: State, words: string) => void,
    private readonly onError: (words: string) => void,
    /** Called where the server has forgotten the photo; true once it has it again. */
    private readonly renew: () => Promise<boolean>,
  ) {}

  get playing(): boolean {
    return this.current !== null || this.coming !== null || this.timer !== 0;
  }

  /** Fetch and play; what plays now goes on until the first sound of the new stream is there. */
  async play(path: () => string): Promise<void> {
    this.cancel();
    const turn = this.turn;
    this.onState("waiting", "Drawing the first sound …");
    await this.engine.ready();
    const awake = await this.engine.wake();
    if (turn !== this.turn) return;
    const stream: LiveStream = new LiveStream(this.engine, path(), {
      onSound: () => {
        if (stream !== this.coming) return;
        this.current?.stop(CROSS_FADE_S);
        this.current = stream;
        this.coming = null;
        this.onState("playing", "");
      },
      onGap: () => {
        if (stream === this.current) this.onState("playing", "The server draws slower than it plays.");
      },
      onEnd: (error) => void this.ended(stream, error, path),
    });
    stream.node.connect(this.engine.input);
    this.coming = stream;
    stream.start(this.current ? CROSS_FADE_S : 0.02);
    if (!awake) this.onState("blocked", "Your browser waits for a click before it plays: press Play.");
  }

  stop(): void {
    this.cancel();
    this.current?.stop(STOP_FADE_S);
    this.current = null;
    this.onState("idle", "Stopped.");
  }

  private cancel(): void {
    this.turn++;
    clearTimeout(this.timer);
    this.timer = 0;
    this.coming?.stop(0);
    this.coming = null;
  }

  private async ended(stream: LiveStream, error: unknown, path: () => string): Promise<void> {
    if (stream !== this.current && stream !== this.coming) return; // it was faded out
    if (stream === this.coming) this.coming = null;
    else this.current = null;
    if (!error) {
      this.onState(this.playing ? "playing" : "idle", "The sound is over.");
    } else if (error instanceof ServerError && error.status === 404 && (await this.renew())) {
      await this.play(path);
    } else {
      this.onError(wordsOf(error));
      const wait_s = error instanceof ServerError ? error.retryAfter_s : null;
      if (wait_s === null) {
        this.onState(this.playing ? "playing" : "idle", "");
      } else {
        const seconds = Math.min(LONGEST_WAIT_S, Math.max(1, wait_s));
        this.timer = window.setTimeout(() => void this.play(path), seconds * 1000);
        this.onState("waiting", `Trying again in ${seconds} s.`);
      }
    }
  }
}
