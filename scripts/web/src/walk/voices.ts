// Which pictures sound: the nearest few, each from where it hangs, cross-faded as one walks on.
import { ServerError, wordsOf } from "../api";
import type { Engine } from "../audio/engine";
import type { Exhibit, Voice } from "./exhibits";
import type { Hanging, Maze } from "./maze";
import type { Walker } from "./walker";

const MOST = 3; // pictures that sound at once
const NEAR_M = 7;
const FAR_M = 9; // a picture that sounds goes on sounding a little farther
const NEAR_STEPS = 2; // passages from cell to cell: a picture behind a wall is far
const FADE_S = 1.5;
const PATIENCE_S = 5; // before a failed picture is tried again
const EAR_M = 1.6; // above the floor

interface Sounding {
  voice: Voice;
  panner: PannerNode;
  heard: boolean;
}

export class Voices {
  private readonly sounding = new Map<number, Sounding>();
  private wanted = new Set<number>();
  private readonly most: number;
  private readonly notBefore = new Map<number, number>();

  constructor(
    private readonly engine: Engine,
    private readonly exhibits: Exhibit[],
    private readonly maze: Maze,
    private readonly onChange: () => void,
    private readonly onError: (words: string) => void,
    room: number,
  ) {
    // One more goes on beside them until its successor sounds.
    this.most = Math.max(1, Math.min(MOST, room - 1));
  }

  has(index: number): boolean {
    return this.sounding.has(index);
  }

  /** Let sound what is near, and nothing else. */
  follow(walker: Walker): void {
    this.placeListener(walker);
    const steps = this.maze.steps(this.maze.cellAt(walker.x, walker.z));
    const near = this.maze.hangings
      .map((hanging, index) => ({ index, steps: steps[hanging.cell]!, distance: Math.hypot(hanging.x - walker.x, hanging.z - walker.z) }))
      .filter(({ index, steps, distance }) =>
        this.has(index) ? steps <= NEAR_STEPS + 1 && distance < FAR_M : steps <= NEAR_STEPS && distance < NEAR_M,
      )
      // One that sounds keeps its place unless another is clearly nearer.
      .sort((a, b) => a.distance - (this.has(a.index) ? 1 : 0) - (b.distance - (this.has(b.index) ? 1 : 0)))
      .slice(0, this.most);
    this.select(new Set(near.map(({ index }) => index)));
  }

  /** Let one picture sound from the middle, for the list; or none. */
  only(index: number | null): void {
    const { listener } = this.engine.context;
    const hanging = index === null ? undefined : this.maze.hangings[index];
    if (hanging) setListener(listener, hanging.x + hanging.nx, hanging.z + hanging.nz, -hanging.nx, -hanging.nz);
    this.notBefore.clear();
    this.select(new Set(index === null ? [] : [index]));
  }

  private select(wanted: Set<number>): void {
    this.wanted = wanted;
    // One that sounds goes on until another one does, however long the server takes to draw it.
    const isHeard = (index: number) => this.sounding.get(index)?.heard === true;
    const bridge = wanted.size > 0 && ![...wanted].some(isHeard) ? [...this.sounding.keys()].find(isHeard) : undefined;
    for (const [index, { voice, panner }] of this.sounding) {
      if (wanted.has(index) || index === bridge) continue;
      this.sounding.delete(index);
      voice.stop(FADE_S);
      setTimeout(() => panner.disconnect(), FADE_S * 1000 + 500);
      this.onChange();
    }
    for (const index of wanted) {
      if (!this.has(index) && performance.now() >= (this.notBefore.get(index) ?? 0)) this.begin(index);
    }
  }

  private begin(index: number): void {
    const panner = makePanner(this.engine.context, this.maze.hangings[index]!);
    panner.connect(this.engine.input);
    const entry: Sounding = { panner, heard: false, voice: { stop: () => undefined } };
    this.sounding.set(index, entry);
    entry.voice = this.exhibits[index]!.sound(this.engine, panner, FADE_S, {
      onSound: () => {
        entry.heard = true;
        this.select(this.wanted);
        this.onChange();
      },
      onEnd: (error) => {
        if (this.sounding.get(index) !== entry) return; // it was faded out
        this.sounding.delete(index);
        panner.disconnect();
        const wait_s = (error instanceof ServerError && error.retryAfter_s) || PATIENCE_S;
        this.notBefore.set(index, performance.now() + wait_s * 1000);
        if (error) this.onError(wordsOf(error));
        this.onChange();
      },
    });
  }

  private placeListener(walker: Walker): void {
    setListener(this.engine.context.listener, walker.x, walker.z, -Math.sin(walker.heading), -Math.cos(walker.heading));
  }
}

function makePanner(context: AudioContext, hanging: Hanging): PannerNode {
  return new PannerNode(context, {
    panningModel: "HRTF",
    distanceModel: "inverse",
    refDistance: 1.5,
    rolloffFactor: 1.8,
    positionX: hanging.x,
    positionY: EAR_M,
    positionZ: hanging.z,
  });
}

function setListener(listener: AudioListener, x: number, z: number, dx: number, dz: number): void {
  if (listener.positionX) {
    listener.positionX.value = x;
    listener.positionY.value = EAR_M;
    listener.positionZ.value = z;
    listener.forwardX.value = dx;
    listener.forwardZ.value = dz;
  } else {
    // Firefox knows only these.
    listener.setPosition(x, EAR_M, z);
    listener.setOrientation(dx, 0, dz, 0, 1, 0);
  }
}
