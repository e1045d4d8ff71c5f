// A maze with a picture in nearly every cell; the number of pictures decides its shape, always the same.

export const CELL_M = 4;

/** A wall's centre line, in metres; y points up, so the plan lies in x and z. */
export interface Wall {
  x0: number;
  z0: number;
  x1: number;
  z1: number;
}

/** Where a picture hangs: the middle of a wall, and the direction it looks to. */
export interface Hanging {
  x: number;
  z: number;
  nx: number;
  nz: number;
  cell: number;
}

export interface Maze {
  columns: number;
  rows: number;
  walls: Wall[];
  hangings: Hanging[];
  start: { x: number; z: number; heading: number };
  cellAt(x: number, z: number): number;
  /** Steps through open passages from a cell to each cell. */
  steps(from: number): Int32Array;
}

/** North, east, south, west. */
const SIDES = [
  { dx: 0, dz: -1 },
  { dx: 1, dz: 0 },
  { dx: 0, dz: 1 },
  { dx: -1, dz: 0 },
] as const;
const LOOPS = 0.12; // share of further walls that are opened, so that there is more than one way

/** Mulberry32: a small generator of uniform numbers in [0, 1). */
function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

class Plan {
  readonly columns: number;
  readonly rows: number;
  /** Whether a side of a cell is open, [cell * 4 + side]. */
  private readonly open: Uint8Array;

  constructor(cells: number) {
    this.columns = Math.max(2, Math.ceil(Math.sqrt(cells)));
    this.rows = Math.max(2, Math.ceil(cells / this.columns));
    this.open = new Uint8Array(this.size * 4);
  }

  get size(): number {
    return this.columns * this.rows;
  }

  neighbour(cell: number, side: number): number | null {
    const column = (cell % this.columns) + SIDES[side]!.dx;
    const row = Math.floor(cell / this.columns) + SIDES[side]!.dz;
    return column < 0 || row < 0 || column >= this.columns || row >= this.rows ? null : row * this.columns + column;
  }

  isOpen(cell: number, side: number): boolean {
    return this.open[cell * 4 + side] === 1;
  }

  private join(cell: number, side: number, other: number): void {
    this.open[cell * 4 + side] = 1;
    this.open[other * 4 + ((side + 2) % 4)] = 1;
  }

  /** Dig from cell to cell until all are reached (randomised depth-first search), then open some loops. */
  dig(random: () => number): void {
    const reached = new Set([0]);
    const path = [0];
    while (path.length > 0) {
      const cell = path[path.length - 1]!;
      const ways = [0, 1, 2, 3].filter((side) => {
        const next = this.neighbour(cell, side);
        return next !== null && !reached.has(next);
      });
      if (ways.length === 0) {
        path.pop();
        continue;
      }
      const side = ways[Math.floor(random() * ways.length)]!;
      const next = this.neighbour(cell, side)!;
      this.join(cell, side, next);
      reached.add(next);
      path.push(next);
    }
    for (let cell = 0; cell < this.size; cell++) {
      for (const side of [1, 2]) {
        const next = this.neighbour(cell, side);
        if (next !== null && random() < LOOPS) this.join(cell, side, next);
      }
    }
  }

  steps(from: number): Int32Array {
    const found = new Int32Array(this.size).fill(-1);
    found[from] = 0;
    const queue = [from];
    for (const cell of queue) {
      for (let side = 0; side < 4; side++) {
        const next = this.neighbour(cell, side);
        if (next === null || !this.isOpen(cell, side) || found[next] !== -1) continue;
        found[next] = found[cell]! + 1;
        queue.push(next);
      }
    }
    return found;
  }

  centre(cell: number): { x: number; z: number } {
    return { x: ((cell % this.columns) + 0.5) * CELL_M, z: (Math.floor(cell / this.columns) + 0.5) * CELL_M };
  }

  walls(): Wall[] {
    const found: Wall[] = [];
    for (let cell = 0; cell < this.size; cell++) {
      const { x, z } = this.centre(cell);
      for (let side = 0; side < 4; side++) {
        // A wall between two cells is listed once: by its northern or western cell.
        if (this.isOpen(cell, side) || ((side === 0 || side === 3) && this.neighbour(cell, side) !== null)) continue;
        const { dx, dz } = SIDES[side]!;
        const half = CELL_M / 2;
        const [mx, mz] = [x + dx * half, z + dz * half];
        found.push({ x0: mx - Math.abs(dz) * half, z0: mz - Math.abs(dx) * half, x1: mx + Math.abs(dz) * half, z1: mz + Math.abs(dx) * half });
      }
    }
    return found;
  }

  /** One wall of each cell, then second ones; the end of a passage is preferred, as one walks towards it. */
  hang(pictures: number, random: () => number): Hanging[] {
    const steps = this.steps(0);
    const order = Array.from({ length: this.size }, (_, cell) => cell).sort((a, b) => steps[a]! - steps[b]!);
    const hangings: Hanging[] = [];
    const taken = new Set<number>();
    for (let round = 0; round < 4 && hangings.length < pictures; round++) {
      for (const cell of order) {
        if (hangings.length === pictures || (cell === 0 && round === 0)) continue;
        const sides = [0, 1, 2, 3].filter((side) => !this.isOpen(cell, side) && !taken.has(cell * 4 + side));
        const ends = sides.filter((side) => this.isOpen(cell, (side + 2) % 4));
        const choice = ends.length > 0 ? ends : sides;
        if (choice.length === 0) continue;
        const side = choice[Math.floor(random() * choice.length)]!;
        taken.add(cell * 4 + side);
        const { dx, dz } = SIDES[side]!;
        const { x, z } = this.centre(cell);
        hangings.push({ x: x + (dx * CELL_M) / 2, z: z + (dz * CELL_M) / 2, nx: -dx + 0, nz: -dz + 0, cell });
      }
    }
    return hangings;
  }
}

export function buildMaze(pictures: number): Maze {
  const random = uniform(pictures + 1);
  const plan = new Plan(Math.ceil(pictures * 1.25) + 2);
  plan.dig(random);
  const way = [1, 2].find((side) => plan.isOpen(0, side))!;
  return {
    columns: plan.columns,
    rows: plan.rows,
    walls: plan.walls(),
    hangings: plan.hang(pictures, random),
    start: { ...plan.centre(0), heading: headingOf(SIDES[way]!.dx, SIDES[way]!.dz) },
    cellAt: (x, z) => {
      const column = Math.min(plan.columns - 1, Math.max(0, Math.floor(x / CELL_M)));
      return Math.min(plan.rows - 1, Math.max(0, Math.floor(z / CELL_M))) * plan.columns + column;
    },
    steps: (from) => plan.steps(from),
  };
}

/** The heading, in radians, in which one looks along a direction; 0 looks along -z, to the left is positive. */
export function headingOf(dx: number, dz: number): number {
  return Math.atan2(-dx, -dz);
}
