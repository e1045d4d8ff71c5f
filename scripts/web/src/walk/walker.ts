// Who walks: a place, a heading, and walls that one slides along.
import { headingOf, type Hanging, type Maze } from "./maze";

const SPEED_M_S = 2.6;
const TURN_RAD_S = 1.9;
const RADIUS_M = 0.45;
const VIEWING_M = 2.5; // from a picture to who looks at it

/** What is wanted, each in -1 to 1. */
export interface Intent {
  forward: number;
  right: number;
  turnLeft: number;
}

export class Walker {
  x: number;
  z: number;
  heading: number;

  constructor(private readonly maze: Maze) {
    ({ x: this.x, z: this.z, heading: this.heading } = maze.start);
  }

  /** Walk and turn for some time; true if anything moved. */
  move(intent: Intent, seconds: number): boolean {
    if (!intent.forward && !intent.right && !intent.turnLeft) return false;
    this.turn(intent.turnLeft * TURN_RAD_S * seconds);
    const [sin, cos] = [Math.sin(this.heading), Math.cos(this.heading)];
    const length = Math.max(1, Math.hypot(intent.forward, intent.right));
    const way = (SPEED_M_S * seconds) / length;
    this.x += (-sin * intent.forward + cos * intent.right) * way;
    this.z += (-cos * intent.forward - sin * intent.right) * way;
    this.keepOffWalls();
    return true;
  }

  turn(radians: number): void {
    this.heading += radians;
  }

  /** Stand before a picture and look at it. */
  standBefore(hanging: Hanging): void {
    this.x = hanging.x + hanging.nx * VIEWING_M;
    this.z = hanging.z + hanging.nz * VIEWING_M;
    this.heading = headingOf(-hanging.nx, -hanging.nz);
  }

  private keepOffWalls(): void {
    for (const wall of this.maze.walls) {
      const [dx, dz] = [wall.x1 - wall.x0, wall.z1 - wall.z0];
      const along = ((this.x - wall.x0) * dx + (this.z - wall.z0) * dz) / (dx * dx + dz * dz);
      const share = Math.min(1, Math.max(0, along));
      const [ox, oz] = [this.x - (wall.x0 + share * dx), this.z - (wall.z0 + share * dz)];
      const distance = Math.hypot(ox, oz);
      if (distance >= RADIUS_M || distance === 0) continue;
      this.x += (ox / distance) * (RADIUS_M - distance);
      this.z += (oz / distance) * (RADIUS_M - distance);
    }
  }
}
