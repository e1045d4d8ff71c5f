// The pictures of a walk, and where their sounds come from: drawn on the fly, or drawn before.
import { askJson, type Heard, isAbort, type Picture, type Reading, ServerError } from "../api";
import type { Engine } from "../audio/engine";
import { type Listener, LiveStream } from "../audio/live";
import { make } from "../dom";
import { creditOf, type GalleryPhoto, photoCreditOf } from "./gallery-data";

export interface Voice {
  stop(fade_s: number): void;
}

export interface Exhibit {
  name: string;
  width: number;
  height: number;
  heard: Heard[] | null;
  credit: string;
  /** The address of the picture; asked for only when it comes into view. */
  picture(): Promise<string>;
  /** Let it sound into a node, faded in. */
  sound(engine: Engine, into: AudioNode, fade_s: number, listener: Listener): Voice;
}

/** A photo of the server's folder. Nothing of it is read or drawn before `sound`. */
export class LiveExhibit implements Exhibit {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly credit = "";
  heard: Heard[] | null = null;
  private token: string | null = null;

  constructor(
    private readonly photo: Picture,
    private readonly seed: number,
  ) {
    ({ name: this.name, width: this.width, height: this.height } = photo);
  }

  async picture(): Promise<string> {
    return `api/photos/${this.photo.id}/picture`;
  }

  sound(engine: Engine, into: AudioNode, fade_s: number, listener: Listener): Voice {
    const abort = new AbortController();
    let stream: LiveStream | null = null;
    this.open(engine, into, fade_s, listener, abort.signal).then(
      (opened) => {
        if (abort.signal.aborted) opened.stop(0);
        else stream = opened;
      },
      (error: unknown) => listener.onEnd?.(isAbort(error) ? null : error),
    );
    return {
      stop: (seconds) => {
        abort.abort();
        stream?.stop(seconds);
      },
    };
  }

  /** The reading that the server keeps; asked for anew where it has forgotten it. */
  private async read(signal: AbortSignal): Promise<string> {
    if (this.token === null) {
      const reading = await askJson<Reading>(`api/photos/${this.photo.id}/hear`, { method: "POST", signal });
      this.token = reading.photo;
      this.heard = reading.heard;
    }
    return this.token;
  }

  private async open(engine: Engine, into: AudioNode, fade_s: number, listener: Listener, signal: AbortSignal): Promise<LiveStream> {
    await engine.ready();
    const query = new URLSearchParams({ photo: await this.read(signal), seed: String(this.seed), channels: "1" });
    const onEnd = (error: unknown) => {
      // A reading that the server has forgotten is asked for anew the next time.
      if (error instanceof ServerError && error.status === 404) this.token = null;
      listener.onEnd?.(error);
    };
    const stream = new LiveStream(engine, `api/stream?${query}`, { ...listener, onEnd }, 1);
    stream.node.connect(into);
    stream.start(fade_s);
    return stream;
  }
}

interface Embedded {
  photo: string;
  sound: string;
}

/** Photo and sound inside scripts: a page opened as a file can use no other files in WebGL and Web Audio. */
const embedded = new Map<number, (value: Embedded) => void>();
Object.assign(window, { photowaveEmbed: (index: number, value: Embedded) => embedded.get(index)?.(value) });

export class DrawnExhibit implements Exhibit {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly heard: Heard[];
  readonly credit: string;
  private parts: Promise<Embedded> | null = null;
  private buffer: Promise<AudioBuffer> | null = null;

  constructor(
    private readonly photo: GalleryPhoto,
    private readonly index: number,
  ) {
    ({ name: this.name, width: this.width, height: this.height, heard: this.heard } = photo);
    this.credit = [photoCreditOf(photo), creditOf(photo)].filter(Boolean).join(" · ");
  }

  async picture(): Promise<string> {
    return (await this.load()).photo;
  }

  private load(): Promise<Embedded> {
    if (location.protocol !== "file:" || !this.photo.embedded) return Promise.resolve(this.photo);
    this.parts ??= new Promise((resolve, reject) => {
      embedded.set(this.index, resolve);
      const script = make("script", { src: this.photo.embedded });
      script.onerror = () => reject(new Error(`${this.photo.embedded} is missing in the gallery.`));
      document.head.append(script);
    });
    return this.parts;
  }

  private async decode(engine: Engine): Promise<AudioBuffer> {
    const { sound } = await this.load();
    if (sound.startsWith("data:")) {
      const bytes = Uint8Array.from(atob(sound.slice(sound.indexOf(",") + 1)), (char) => char.charCodeAt(0));
      return engine.context.decodeAudioData(bytes.buffer);
    }
    const response = await fetch(sound);
    if (!response.ok) throw new Error(`${sound} is missing in the gallery.`);
    return engine.context.decodeAudioData(await response.arrayBuffer());
  }

  sound(engine: Engine, into: AudioNode, fade_s: number, listener: Listener): Voice {
    const { context } = engine;
    const gain = context.createGain();
    gain.connect(into);
    let source: AudioBufferSourceNode | null = null;
    let stopped = false;
    this.buffer ??= this.decode(engine);
    this.buffer.then(
      (buffer) => {
        if (stopped) return;
        source = context.createBufferSource();
        source.buffer = buffer;
        source.loop = true;
        source.connect(gain);
        source.onended = () => gain.disconnect();
        gain.gain.setValueAtTime(0, context.currentTime);
        gain.gain.linearRampToValueAtTime(1, context.currentTime + fade_s);
        source.start(0, Math.random() * buffer.duration);
        listener.onSound?.();
      },
      (error: unknown) => {
        this.buffer = null;
        listener.onEnd?.(error);
      },
    );
    return {
      stop: (seconds) => {
        stopped = true;
        gain.gain.cancelScheduledValues(context.currentTime);
        gain.gain.setTargetAtTime(0, context.currentTime, seconds / 4);
        source?.stop(context.currentTime + seconds);
      },
    };
  }
}
