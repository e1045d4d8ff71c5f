// The audio context and what every sound passes: the analyser, then the volume, then the ears.

const VOLUME_KEY = "photowave.volume";

export class Engine {
  readonly context: AudioContext;
  /** Where sounds are connected. */
  readonly input: GainNode;
  readonly analyser: AnalyserNode;
  readonly volume: GainNode;
  private worklet: Promise<void> | null = null;

  constructor(sampleRate?: number) {
    // At the rate of the model nothing is resampled.
    this.context = new AudioContext(sampleRate === undefined ? {} : { sampleRate });
    this.input = this.context.createGain();
    this.analyser = this.context.createAnalyser();
    this.analyser.fftSize = 2048;
    this.analyser.smoothingTimeConstant = 0;
    this.analyser.minDecibels = -110;
    this.analyser.maxDecibels = -30;
    this.volume = this.context.createGain();
    this.input.connect(this.analyser).connect(this.volume).connect(this.context.destination);
  }

  /** Load the player of live streams; early, so that the first sound need not wait for it. */
  async ready(): Promise<void> {
    if (!this.context.audioWorklet) {
      throw new Error(
        "This browser plays live sound only over https or from the computer itself (localhost). " +
          "Put the server behind https.",
      );
    }
    this.worklet ??= this.context.audioWorklet.addModule("assets/pcm-worklet.js");
    return this.worklet;
  }

  /** Whether sound may come out; false until a click or key where the browser asks for one. */
  async wake(): Promise<boolean> {
    if (this.context.state === "running") return true;
    // A browser that wants a gesture first leaves the promise open.
    await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, 250))]);
    return this.running;
  }

  get running(): boolean {
    return this.context.state === "running";
  }
}

/** Let a slider set the volume, and remember it. */
export function bindVolume(slider: HTMLInputElement, apply: (gain: number) => void): () => void {
  try {
    slider.value = localStorage.getItem(VOLUME_KEY) ?? slider.value;
  } catch {
    // A browser that keeps nothing starts at the slider's own value.
  }
  const set = () => {
    slider.setAttribute("aria-valuetext", `${slider.value} %`);
    apply((Number(slider.value) / 100) ** 2); // loudness grows about evenly along the slider
  };
  slider.addEventListener("input", () => {
    set();
    try {
      localStorage.setItem(VOLUME_KEY, slider.value);
    } catch {
      // As above.
    }
  });
  set();
  return set;
}
