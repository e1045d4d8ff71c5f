// Plays a live stream in the audio thread: a queue of PCM, a fade in and out, and a soft landing where it runs dry.

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const BUFFER_S = 0.25; // buffered before the first sound
const LONGEST_BUFFER_S = 2; // each time that it runs dry it waits for twice as much, up to this
const LANDING_S = 0.01; // how fast the sound comes and goes where the queue runs dry
const REPORT_S = 0.1;

/** Moves a value towards its goal by at most one step. */
function towards(value: number, goal: number, step: number): number {
  return value < goal ? Math.min(goal, value + step) : Math.max(goal, value - step);
}

class PcmPlayer extends AudioWorkletProcessor {
  private queue: Int16Array[] = [];
  private channels = 1;
  private offset = 0; // samples taken from the first block of the queue
  private buffered = 0; // frames
  private played = 0; // frames
  private gaps = 0;
  private enough = BUFFER_S * sampleRate; // frames to begin with
  private reported = 0;
  private complete = false;
  private flowing = false;
  private landing = 0; // 0 to 1: follows `flowing`
  private fade = 0; // 0 to 1: follows `goal`
  private goal = 1;
  private fadeStep = 1;
  private alive = true;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent) => {
      if (data.pcm) {
        const block = new Int16Array(data.pcm as ArrayBuffer);
        this.channels = data.channels as number;
        this.queue.push(block);
        this.buffered += block.length / this.channels;
      } else if (data.complete) {
        this.complete = true;
      } else {
        this.goal = data.goal as number;
        this.fadeStep = 1 / Math.max(1, (data.seconds as number) * sampleRate);
      }
    };
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const output = outputs[0]!;
    const left = output[0]!;
    const right = output[1] ?? left;
    const landingFrames = LANDING_S * sampleRate;
    for (let frame = 0; frame < left.length; frame++) {
      if (this.flowing) {
        // What is left when the queue runs dry is just enough to fade out with.
        if (this.buffered <= landingFrames) {
          this.flowing = false;
          if (!this.complete) {
            this.gaps++;
            this.enough = Math.min(2 * this.enough, LONGEST_BUFFER_S * sampleRate);
          }
        }
      } else if (this.landing === 0 && (this.complete || this.buffered >= this.enough)) {
        this.flowing = this.buffered > landingFrames;
      }
      this.landing = towards(this.landing, this.flowing ? 1 : 0, 1 / landingFrames);
      if (this.buffered === 0 || this.landing === 0) continue;
      this.fade = towards(this.fade, this.goal, this.fadeStep);
      const gain = (Math.sin((this.fade * Math.PI) / 2) * this.landing) / 32768;
      const block = this.queue[0]!;
      left[frame] = block[this.offset]! * gain;
      if (right !== left) right[frame] = block[this.offset + this.channels - 1]! * gain;
      this.advance(block);
    }
    const silent = !this.flowing && this.landing === 0;
    if (this.goal === 0 && (this.fade === 0 || silent)) this.alive = false;
    if (this.complete && silent) this.alive = false;
    if (!this.alive || (this.reported -= left.length) <= 0) this.report();
    return this.alive;
  }

  private advance(block: Int16Array): void {
    this.offset += this.channels;
    this.buffered--;
    this.played++;
    if (this.offset >= block.length) {
      this.queue.shift();
      this.offset = 0;
    }
  }

  private report(): void {
    this.reported = REPORT_S * sampleRate;
    const { buffered, played, gaps, alive } = this;
    this.port.postMessage({ buffered, played, gaps, alive });
  }
}

registerProcessor("pcm-player", PcmPlayer);
