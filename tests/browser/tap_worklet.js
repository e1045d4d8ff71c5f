// Measures what arrives, every 10 ms: level of left and right, and the longest run of zeros.
registerProcessor(
  "tap",
  class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.windows = [];
      this.kept = [];
      this.zeros = 0;
      this.begin();
    }

    begin() {
      this.frames = 0;
      this.power = [0, 0];
      this.most = 0;
    }

    process([input]) {
      const left = input[0] ?? new Float32Array(128);
      const right = input[1] ?? left;
      for (let i = 0; i < left.length; i++) {
        this.power[0] += left[i] ** 2;
        this.power[1] += right[i] ** 2;
        this.zeros = left[i] === 0 && right[i] === 0 ? this.zeros + 1 : 0;
        this.most = Math.max(this.most, this.zeros);
        this.kept.push(left[i]);
        if (++this.frames >= sampleRate / 100) this.end();
      }
      return true;
    }

    end() {
      const [left, right] = this.power.map((power) => Math.sqrt(power / this.frames));
      this.windows.push([left, right, this.most]);
      this.begin();
      if (this.windows.length < 10) return;
      this.port.postMessage({ windows: this.windows, kept: Float32Array.from(this.kept) });
      this.windows = [];
      this.kept = [];
    }
  },
);
