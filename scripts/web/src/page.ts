// Drop a photo, hear it.
import { askJson, type Model, type Reading, wordsOf } from "./api";
import { Display } from "./audio/display";
import { bindVolume, Engine } from "./audio/engine";
import { byId, settle } from "./dom";
import { PhotoInput } from "./page/photo";
import { Places } from "./page/places";
import { Player, type State } from "./page/player";
import { Settings } from "./page/settings";
import { TakeAway } from "./page/take";

const CHANGE_WAIT_MS = 250; // a slider moves on

const OVERRULE = "Press a place to hear it instead, or + to blend it in.";

const complain = (words: string) => (byId("message").textContent = words);
const tell = (words: string) => (byId("status").textContent = words);

async function start(): Promise<void> {
  const model = await askJson<Model>("api/model");
  const engine = new Engine(model.sample_rate);
  engine.ready().catch(() => undefined); // a failure is told when a sound is asked for
  const play = byId<HTMLButtonElement>("play");
  let photo: File | null = null;
  let token: string | null = null;
  let state: State = "idle";
  let readings = 0;
  let path = ""; // of the stream that plays, or played last

  const query = (more: Record<string, string> = {}): string | null => {
    const steering = places.parameters();
    if (!steering) return null;
    const photoOf: Record<string, string> = token === null ? {} : { photo: token };
    return new URLSearchParams({ ...photoOf, ...settings.parameters(), ...steering, ...more }).toString();
  };
  const streamPath = () => `api/stream?${query(settings.endless ? {} : settings.length())}`;
  const listen = async () => {
    complain("");
    play.disabled = false;
    take.set(query(settings.length())!);
    try {
      path = streamPath();
      await player.play(streamPath);
    } catch (error) {
      complain(wordsOf(error));
    }
  };
  const changed = settle(CHANGE_WAIT_MS, () => {
    if (query() === null) return;
    if (player.playing && streamPath() !== path) void listen();
    else take.set(query(settings.length())!);
  });
  const chosen = settle(CHANGE_WAIT_MS, () => {
    if (query() !== null) void listen();
  });

  const read = async (file: File): Promise<Reading> => {
    if (file.size > model.max_upload_bytes) {
      const [size, most] = [file.size, model.max_upload_bytes].map((bytes) => (bytes / 1e6).toFixed(1));
      throw new Error(`The photo has ${size} MB; at most ${most} MB can be read. Choose a smaller one.`);
    }
    return askJson<Reading>("api/hear", { method: "POST", body: file });
  };
  const hear = async (file: File) => {
    const turn = ++readings;
    void engine.wake(); // the gesture that brought the photo may start the sound
    complain("");
    tell("Reading the photo …");
    try {
      const reading = await read(file);
      if (turn !== readings) return; // another photo came meanwhile
      photo = file;
      token = reading.photo;
      input.show(file);
      byId("words").textContent = reading.known ? OVERRULE : reading.words;
      places.setReading(reading);
      await listen();
    } catch (error) {
      if (turn !== readings) return;
      tell("");
      complain(wordsOf(error));
    }
  };

  const player: Player = new Player(
    engine,
    (now, words) => {
      state = now;
      play.textContent = state === "idle" || state === "blocked" ? "Play" : "Stop";
      play.classList.toggle("calling", state === "blocked");
      if (now !== "playing") tell(words);
      else {
        tell(`Playing: ${places.describe()}. ${words}`.trim());
        if (!words) complain(""); // what was wrong is over
      }
    },
    complain,
    async () => {
      if (!photo) return false;
      token = (await read(photo)).photo;
      return true;
    },
  );
  const settings: Settings = new Settings(model.max_download_s, changed);
  const places: Places = new Places(new Set(model.places), () => {
    void engine.wake(); // this is a gesture
    chosen();
  });
  const take = new TakeAway(tell, complain);
  const input = new PhotoInput((file) => void hear(file), complain);

  play.addEventListener("click", async () => {
    if (state === "blocked") {
      await engine.wake();
      tell("");
    } else if (player.playing) player.stop();
    else await listen();
  });
  new Display(byId<HTMLCanvasElement>("spectrogram"), byId("meter"), byId("level"), engine.analyser, () => player.playing);
  bindVolume(byId<HTMLInputElement>("volume"), (gain) => (engine.volume.gain.value = gain));
  byId("nyquist").textContent = `${Math.round(model.sample_rate / 2000)} kHz`;
  byId("stereo").closest("label")!.hidden = model.channels < 2;
  byId("to-walk").hidden = !model.photos;
  document.body.dataset.ready = "true";
}

start().catch((error: unknown) => complain(wordsOf(error)));
