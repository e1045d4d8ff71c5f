// The live spectrogram and the level meter.
import { reducedMotion } from "../dom";

const LOWEST_HZ = 60;
const QUIETEST_DBFS = -60;
const PIXELS_PER_S = 50;
const STEP_PIXELS = 2; // 25 pictures a second
/** From night blue over violet and orange to pale yellow, evenly brighter. */
const COLOURS: [number, number, number][] = [
  [10, 12, 32], [42, 20, 84], [94, 28, 110], [150, 44, 96], [204, 74, 64], [240, 130, 38], [250, 196, 70], [252, 250, 190],
];

function palette(): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 4);
  for (let level = 0; level < 256; level++) {
    const at = (level / 255) * (COLOURS.length - 1);
    const low = Math.min(Math.floor(at), COLOURS.length - 2);
    for (let part = 0; part < 3; part++) {
      const from = COLOURS[low]![part]!;
      table[level * 4 + part] = from + (COLOURS[low + 1]![part]! - from) * (at - low);
    }
    table[level * 4 + 3] = 255;
  }
  return table;
}

export class Display {
  private readonly colours = palette();
  private readonly pen: CanvasRenderingContext2D;
  private readonly spectrum: Uint8Array<ArrayBuffer>;
  private readonly wave: Float32Array<ArrayBuffer>;
  private readonly bins: Int32Array;
  private readonly column: ImageData;
  private x = 0; // pixels since the start
  private told = 0;
  private drawn = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly meter: HTMLElement,
    private readonly bar: HTMLElement,
    private readonly analyser: AnalyserNode,
    private readonly isPlaying: () => boolean,
  ) {
    this.pen = canvas.getContext("2d", { alpha: false })!;
    this.pen.fillStyle = `rgb(${COLOURS[0]!.join()})`;
    this.pen.fillRect(0, 0, canvas.width, canvas.height);
    this.spectrum = new Uint8Array(analyser.frequencyBinCount);
    this.wave = new Float32Array(analyser.fftSize);
    this.column = this.pen.createImageData(1, canvas.height);
    this.bins = this.logarithmicRows();
    const draw = (now: number) => {
      requestAnimationFrame(draw);
      const pixels = Math.floor(((now - this.drawn) / 1000) * PIXELS_PER_S);
      if (pixels < (reducedMotion.matches ? PIXELS_PER_S / 4 : STEP_PIXELS)) return;
      this.drawn = now;
      this.showLevel(now);
      if (this.isPlaying()) this.showSpectrum(Math.min(pixels, canvas.width));
    };
    requestAnimationFrame(draw);
  }

  /** The bin of each row of pixels; octaves are equally high. */
  private logarithmicRows(): Int32Array {
    const highest = this.analyser.context.sampleRate / 2;
    return Int32Array.from({ length: this.canvas.height }, (_, row) => {
      const share = 1 - (row + 0.5) / this.canvas.height;
      const hz = LOWEST_HZ * (highest / LOWEST_HZ) ** share;
      return Math.min(this.spectrum.length - 1, Math.round((hz / highest) * this.spectrum.length));
    });
  }

  private showSpectrum(pixels: number): void {
    const { canvas, pen } = this;
    this.analyser.getByteFrequencyData(this.spectrum);
    for (let row = 0; row < canvas.height; row++) {
      const colour = this.spectrum[this.bins[row]!]! * 4;
      this.column.data.set(this.colours.subarray(colour, colour + 4), row * 4);
    }
    if (reducedMotion.matches) {
      // Nothing scrolls: the picture is filled from left to right, again and again.
      for (let column = 0; column < pixels; column++) pen.putImageData(this.column, this.x++ % canvas.width, 0);
    } else {
      pen.drawImage(canvas, -pixels, 0);
      for (let column = 1; column <= pixels; column++) pen.putImageData(this.column, canvas.width - column, 0);
    }
  }

  private showLevel(now: number): void {
    this.analyser.getFloatTimeDomainData(this.wave);
    let power = 0;
    for (const sample of this.wave) power += sample * sample;
    const dbfs = Math.max(QUIETEST_DBFS, 10 * Math.log10(power / this.wave.length + 1e-12));
    const share = 1 - dbfs / QUIETEST_DBFS;
    this.bar.style.transform = `scaleX(${share.toFixed(3)})`;
    if (now - this.told < 1000) return;
    this.told = now;
    this.meter.setAttribute("aria-valuenow", dbfs.toFixed(0));
    this.meter.setAttribute("aria-valuetext", dbfs <= QUIETEST_DBFS ? "silent" : `${dbfs.toFixed(0)} dBFS`);
  }
}
