// The walk through pictures that sound; the same on the server's page and in a gallery.
import { askJson, type Model, type Picture, wordsOf } from "./api";
import { bindVolume, Engine } from "./audio/engine";
import { byId, reducedMotion } from "./dom";
import { Controls } from "./walk/controls";
import type { Gallery } from "./walk/gallery-data";
import { DrawnExhibit, type Exhibit, LiveExhibit } from "./walk/exhibits";
import { heardWords, PictureList } from "./walk/list";
import { buildMaze } from "./walk/maze";
import { MazeScene } from "./walk/scene";
import { Voices } from "./walk/voices";
import { Walker } from "./walk/walker";

const LISTEN_MS = 200; // how often the nearest pictures are looked for
const CAPTION_M = 4.5; // a picture that is nearer is named

const complain = (words: string) => (byId("message").textContent = words);

interface Exhibition {
  exhibits: Exhibit[];
  sampleRate: number;
  /** Sounds that can be had at once. */
  room: number;
  /** Why it can be shown as a list only; empty where it can be walked through. */
  listOnly: string;
}

async function open(): Promise<Exhibition> {
  const data = document.getElementById("gallery-data");
  if (data) {
    const gallery = JSON.parse(data.textContent) as Gallery;
    document.title = `${gallery.title}: a walk`;
    byId("title").textContent = gallery.title;
    const bare = location.protocol === "file:" && gallery.photos.some(({ embedded }) => !embedded);
    return {
      exhibits: gallery.photos.map((photo, index) => new DrawnExhibit(photo, index)),
      sampleRate: gallery.sample_rate,
      room: Infinity,
      listOnly: bare ? "From a file, the browser shows only the list. Put the folder on a web host to walk." : "",
    };
  }
  const [model, { photos }] = await Promise.all([askJson<Model>("api/model"), askJson<{ photos: Picture[] }>("api/photos")]);
  const exhibits = photos.map((photo, index) => new LiveExhibit(photo, index));
  return { exhibits, sampleRate: model.sample_rate, room: model.room, listOnly: "" };
}

async function start(): Promise<void> {
  const { exhibits, sampleRate, room, listOnly } = await open();
  if (exhibits.length === 0) {
    complain("There are no pictures to walk through. Start the server with --photos FOLDER.");
    return;
  }
  const maze = buildMaze(exhibits.length);
  const walker = new Walker(maze);
  const engine = new Engine(sampleRate);
  bindVolume(byId<HTMLInputElement>("volume"), (gain) => (engine.volume.gain.value = gain));

  let inside = false; // the walk has begun, and is not left for the list
  let playing: number | null = null; // in the list
  let visited = -1;
  let moved = true;
  const voices = new Voices(engine, exhibits, maze, () => list.show((index) => voices.has(index)), complain, room);
  const list = new PictureList(byId("pictures"), exhibits, (index) => {
    void engine.wake();
    complain("");
    playing = playing === index ? null : index;
    voices.only(playing);
    list.show((other) => voices.has(other));
  });

  const view = byId("view");
  const scene = listOnly ? null : openScene(byId<HTMLCanvasElement>("canvas"));
  function openScene(canvas: HTMLCanvasElement): MazeScene | null {
    try {
      return new MazeScene(canvas, maze, exhibits);
    } catch {
      return null;
    }
  }

  const enter = () => {
    void engine.wake();
    complain("");
    inside = true;
    byId("enter").hidden = true;
    view.focus();
    voices.follow(walker);
  };
  const showList = (wanted: boolean) => {
    document.body.classList.toggle("listing", wanted);
    byId("list").hidden = !wanted;
    byId("walk").hidden = wanted;
    const toggle = byId("toggle");
    toggle.textContent = wanted ? "Show the walk" : "Show the list";
    inside = false;
    playing = null;
    voices.only(null);
    byId("enter").hidden = false;
    moved = true;
  };
  byId("toggle").addEventListener("click", () => showList(byId("list").hidden === true));
  byId("enter").addEventListener("click", enter);
  byId("next").addEventListener("click", () => {
    visited = (visited + 1) % exhibits.length;
    walker.standBefore(maze.hangings[visited]!);
    moved = true;
    const wasInside = inside;
    if (!wasInside) enter();
    byId("next").focus();
    voices.follow(walker);
    caption();
  });
  const controls = new Controls(view, byId("pad"), walker, () => {
    moved = true;
    if (!inside) enter();
  });

  const caption = () => {
    const [nearest] = maze.hangings
      .map((hanging, index) => ({ index, distance: Math.hypot(hanging.x - walker.x, hanging.z - walker.z) }))
      .sort((a, b) => a.distance - b.distance);
    let words = "";
    if (inside && nearest && nearest.distance < CAPTION_M) {
      const exhibit = exhibits[nearest.index]!;
      words = [exhibit.name, heardWords(exhibit), exhibit.credit].filter(Boolean).join(" · ");
    }
    if (byId("caption").textContent !== words) byId("caption").textContent = words;
  };

  if (scene) {
    let before = performance.now();
    const frame = (now: number) => {
      requestAnimationFrame(frame);
      if (walker.move(controls.intent, Math.min(0.1, (now - before) / 1000))) moved = true;
      before = now;
      if (byId("walk").hidden) return;
      scene.show(walker, (index) => voices.has(index), moved);
      moved = false;
    };
    requestAnimationFrame(frame);
    setInterval(() => {
      if (!inside) return;
      voices.follow(walker);
      caption();
    }, LISTEN_MS);
  } else {
    byId("toggle").hidden = true;
    byId("note").textContent = listOnly || "This browser shows no WebGL, so here is the list of pictures.";
  }
  // Who asks for less motion sees the list first.
  showList(scene === null || reducedMotion.matches);
  document.body.dataset.ready = "true";
}

start().catch((error: unknown) => complain(wordsOf(error)));
