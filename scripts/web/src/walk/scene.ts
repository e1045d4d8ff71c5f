// The maze as one sees it: walls, floor, framed pictures that shine when they sound. WebGL by three.js.
import {
  BoxGeometry,
  Color,
  DirectionalLight,
  Fog,
  Group,
  HemisphereLight,
  InstancedMesh,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  PerspectiveCamera,
  PlaneGeometry,
  RepeatWrapping,
  Scene,
  SRGBColorSpace,
  TextureLoader,
  Vector3,
  WebGLRenderer,
} from "three";
import type { Exhibit } from "./exhibits";
import { CELL_M, type Hanging, headingOf, type Maze } from "./maze";
import { floorPattern, glow, plaque } from "./textures";
import type { Walker } from "./walker";

const HEIGHT_M = 3.4;
const WALL_M = 0.24;
const EYE_M = 1.6;
const PICTURE_M = { width: 2.2, height: 1.5, middle: 1.72 };
const SLOW_MS = 60; // a frame that takes longer is slow; after some of them the picture gets coarser
const SLOW_FRAMES = 6;
const COARSEST = 0.4; // pixels per pixel of the page
const STILL_MS = 400; // after which who stands still sees all pixels again
const IN_VIEW_M = 16; // pictures are fetched when they come so near
const DAY = { wall: "#efe9dd", floor: "#b3936d", ceiling: "#fbf8f1", frame: "#3a2f27", fog: "#e9e3d6", sky: "#ffffff", ground: "#c9b79c", light: 2.9, glow: "#fff3d0" };
const NIGHT = { wall: "#39434c", floor: "#4b3b2d", ceiling: "#20272d", frame: "#8d744a", fog: "#171d22", sky: "#b9c7d6", ground: "#4a3d30", light: 2.2, glow: "#ffd99a" };

interface Frame {
  exhibit: Exhibit;
  hanging: Hanging;
  picture: MeshBasicMaterial;
  glow: MeshBasicMaterial;
  asked: boolean;
}

export class MazeScene {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(68, 1, 0.05, 80);
  private readonly frames: Frame[];
  private readonly look = matchMedia("(prefers-color-scheme: dark)").matches ? NIGHT : DAY;
  private readonly loader = new TextureLoader();
  private changed = true;
  private readonly finest = Math.min(devicePixelRatio, 2);
  private ratio = this.finest; // while something moves
  private shown = 0;
  private moved = 0; // time of the last change
  private before = 0; // time of the last frame
  private slow = 0; // frames in a row

  /** Throws where the browser has no WebGL. */
  constructor(canvas: HTMLCanvasElement, maze: Maze, exhibits: Exhibit[]) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: "low-power" });
    const { look, scene } = this;
    scene.background = new Color(look.fog);
    scene.fog = new Fog(look.fog, CELL_M * 2, CELL_M * 7);
    scene.add(new HemisphereLight(look.sky, look.ground, look.light));
    const sun = new DirectionalLight(look.sky, look.light / 2);
    sun.position.set(0.5, 1, 0.3);
    scene.add(sun);
    this.build(maze);
    this.frames = exhibits.map((exhibit, index) => this.hang(exhibit, maze.hangings[index]!));
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  private build(maze: Maze): void {
    const { look, scene } = this;
    const walls = new InstancedMesh(new BoxGeometry(1, HEIGHT_M, WALL_M), new MeshLambertMaterial({ color: look.wall }), maze.walls.length);
    const skirting = new InstancedMesh(new BoxGeometry(1, 0.14, WALL_M + 0.04), new MeshLambertMaterial({ color: look.frame }), maze.walls.length);
    const place = new Matrix4();
    maze.walls.forEach(({ x0, z0, x1, z1 }, index) => {
      const length = Math.hypot(x1 - x0, z1 - z0) + WALL_M;
      for (const [mesh, y] of [[walls, HEIGHT_M / 2], [skirting, 0.07]] as const) {
        place.makeRotationY(x0 === x1 ? Math.PI / 2 : 0);
        place.scale(new Vector3(length, 1, 1));
        place.setPosition((x0 + x1) / 2, y, (z0 + z1) / 2);
        mesh.setMatrixAt(index, place);
      }
    });
    const [width, depth] = [maze.columns * CELL_M, maze.rows * CELL_M];
    const pattern = floorPattern(look.floor);
    pattern.wrapS = pattern.wrapT = RepeatWrapping;
    pattern.repeat.set(width / 2, depth / 2);
    const floor = new Mesh(new PlaneGeometry(width, depth), new MeshLambertMaterial({ map: pattern }));
    floor.rotation.x = -Math.PI / 2;
    floor.position.set(width / 2, 0, depth / 2);
    const ceiling = new Mesh(new PlaneGeometry(width, depth), new MeshBasicMaterial({ color: look.ceiling }));
    ceiling.rotation.x = Math.PI / 2;
    ceiling.position.set(width / 2, HEIGHT_M, depth / 2);
    scene.add(walls, skirting, floor, ceiling);
  }

  private hang(exhibit: Exhibit, hanging: Hanging): Frame {
    const { look } = this;
    const scale = Math.min(PICTURE_M.width / exhibit.width, PICTURE_M.height / exhibit.height);
    const [width, height] = [exhibit.width * scale, exhibit.height * scale];
    const picture = new MeshBasicMaterial({ color: look.fog });
    const light = new MeshBasicMaterial({ map: glow(look.glow), transparent: true, opacity: 0, depthWrite: false });
    const front = (w: number, h: number, material: MeshBasicMaterial | MeshLambertMaterial, z: number, thick = 0) => {
      const mesh = new Mesh(thick ? new BoxGeometry(w, h, thick) : new PlaneGeometry(w, h), material);
      mesh.position.z = z;
      return mesh;
    };
    const label = front(0.9, 0.15, new MeshBasicMaterial({ map: plaque(exhibit.name) }), 0.012);
    label.position.y = -height / 2 - 0.3;
    const group = new Group().add(
      front(width * 2, height * 2.1, light, 0.005),
      front(width + 0.32, height + 0.32, new MeshLambertMaterial({ color: look.frame }), 0.03, 0.06),
      front(width + 0.2, height + 0.2, new MeshBasicMaterial({ color: "#f7f4ec" }), 0.062),
      front(width, height, picture, 0.064),
      label,
    );
    const off = WALL_M / 2;
    group.position.set(hanging.x + hanging.nx * off, PICTURE_M.middle, hanging.z + hanging.nz * off);
    group.rotation.y = headingOf(-hanging.nx, -hanging.nz);
    this.scene.add(group);
    return { exhibit, hanging, picture, glow: light, asked: false };
  }

  /** Fetch a picture when it is about to be seen. */
  private fetch(frame: Frame): void {
    frame.asked = true;
    const retry = () => (frame.asked = false);
    frame.exhibit.picture().then((url) => {
      this.loader.load(
        url,
        (texture) => {
          texture.colorSpace = SRGBColorSpace;
          texture.anisotropy = 4;
          frame.picture.map = texture;
          frame.picture.color.set("#ffffff");
          frame.picture.needsUpdate = true;
          this.changed = true;
        },
        undefined,
        () => setTimeout(retry, 5000),
      );
    }, retry);
  }

  /** Draw what the walker sees, if anything has changed. */
  show(walker: Walker, isSounding: (index: number) => boolean, moved: boolean): void {
    this.keepPace();
    this.frames.forEach((frame, index) => {
      const goal = isSounding(index) ? 0.95 : 0;
      const opacity = frame.glow.opacity + (goal - frame.glow.opacity) * 0.08;
      if (Math.abs(goal - opacity) > 0.01) this.changed = true;
      frame.glow.opacity = opacity;
      const near = Math.hypot(frame.hanging.x - walker.x, frame.hanging.z - walker.z) < IN_VIEW_M;
      if (near && !frame.asked) this.fetch(frame);
    });
    const isStill = !moved && !this.changed;
    if (isStill) {
      this.slow = 0;
      if (this.shown === this.finest || this.before - this.moved < STILL_MS) return;
    } else {
      this.moved = this.before;
    }
    this.changed = false;
    this.setRatio(isStill ? this.finest : this.ratio);
    this.camera.position.set(walker.x, EYE_M, walker.z);
    this.camera.rotation.set(0, walker.heading, 0);
    this.renderer.render(this.scene, this.camera);
  }

  /** Without a graphics card a coarse picture is better than a slow one, and leaves time for the sound. */
  private keepPace(): void {
    const now = performance.now();
    this.slow = now - this.before > SLOW_MS ? this.slow + 1 : 0;
    this.before = now;
    if (this.slow < SLOW_FRAMES || this.ratio <= COARSEST) return;
    this.slow = 0;
    this.ratio = Math.max(COARSEST, this.ratio / 1.5);
  }

  private setRatio(ratio: number): void {
    if (ratio === this.shown) return;
    this.shown = ratio;
    this.renderer.setPixelRatio(ratio);
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.renderer.domElement;
    if (width === 0 || height === 0) return;
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    this.camera.fov = width < height ? 92 : 68;
    this.camera.updateProjectionMatrix();
    this.changed = true;
  }
}
