"""Made-up copies of published sets: a few tiny files in the layout of the set, each unlike the others."""

import csv
import json
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image

RATE = 8_000
"""Sample rate of the sounds, in Hz."""
_seeds = count()


def photo(path: Path) -> Path:
    """Write a photo of random colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(next(_seeds)).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def sound(path: Path, *, seconds: float = 0.05) -> Path:
    """Write a sound of noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(next(_seeds)).uniform(-0.5, 0.5, round(seconds * RATE))
    soundfile.write(path, samples, RATE)
    return path


def video(path: Path, *, seconds: float = 1.0, picture: bool = True, audio: bool = True) -> Path:
    """Write a video of ten frames a second, each of one grey that grows, with noise that grows louder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(next(_seeds))
    with av.open(str(path), "w") as container:
        if picture:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width = stream.height = 32
        if audio:
            track = container.add_stream("aac", rate=RATE, layout="mono")
        for number in range(round(10 * seconds) if picture else 0):
            grey = np.full((32, 32, 3), min(20 * number, 255), np.uint8)
            grey[:4] = random.integers(0, 256, 3)  # no two videos look alike
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            container.mux(stream.encode(frame))
        if picture:
            container.mux(stream.encode(None))
        if audio:
            noise = random.uniform(-0.5, 0.5, round(seconds * RATE)) * np.linspace(
                0, 1, round(seconds * RATE)
            )
            block = av.AudioFrame.from_ndarray(noise.astype(np.float32)[None], format="fltp", layout="mono")
            block.sample_rate = RATE
            container.mux(track.encode(block))
            container.mux(track.encode(None))
    return path


def table(path: Path, rows: Sequence[Sequence[object]], *, delimiter: str = ",") -> Path:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        if delimiter == ",":
            csv.writer(file, lineterminator="\n").writerows(rows)
        else:
            file.writelines(delimiter.join(map(str, row)) + "\n" for row in rows)
    return path


def vggsound(folder: Path) -> None:
    """Two videos, a clip as frame and sound, one that is missing, one without a place."""
    table(
        folder / "vggsound.csv",
        [
            ("---aaaaaaa1", 30, "sea waves", "train"),
            ("---aaaaaaa2", 0, "raining", "test"),
            ("---aaaaaaa3", 4, "bird chirping, tweeting", "train"),
            ("---aaaaaaa4", 110, "raining", "train"),
            ("---aaaaaaa5", 12, "playing harp", "test"),
        ],
    )
    video(folder / "video" / "---aaaaaaa1_000030.mp4")
    video(folder / "video" / "---aaaaaaa2_000000.mp4")
    photo(folder / "frames" / "---aaaaaaa3_000004.jpg")
    sound(folder / "wavs" / "---aaaaaaa3_000004.wav")


def tau_urban(folder: Path) -> None:
    """Two locations, a clip that is missing, one without a place."""
    names = ["street_traffic-paris-1-10", "street_traffic-paris-1-11", "tram-lyon-2-20", "tram-oslo-4-1"]
    names += ["park-milan-3-30"]
    lines = [
        (f"audio/{n}.wav", f"video/{n}.mp4", n.split("-")[0], "-".join(n.split("-")[1:3])) for n in names
    ]
    header = ("filename_audio", "filename_video", "scene_label", "identifier")
    table(folder / "meta.csv", [header, *lines], delimiter="\t")
    setup = folder / "evaluation_setup"
    table(setup / "fold1_train.csv", [header[:3], *(line[:3] for line in lines[:2])], delimiter="\t")
    table(setup / "fold1_test.csv", [header[:2], *(line[:2] for line in lines[2:])], delimiter="\t")
    for name in [*names[:3], names[4]]:
        sound(folder / "audio" / f"{name}.wav")
        video(folder / "video" / f"{name}.mp4", audio=False)


def landscape(folder: Path) -> None:
    """Classes in names and in folders, a video without sound, one without a place."""
    video(folder / "train" / "fire_crackling_141_2_1.mp4")
    video(folder / "train" / "raining_145_3_37.mp4")
    video(folder / "test" / "wind_noise" / "calm.mp4")
    video(folder / "train" / "thunder_12_1_1.mp4", audio=False)
    video(folder / "test" / "explosion_5_1_2.mp4")


def advance(folder: Path) -> None:
    """Two parts of one recording, a photo and a sound without partner, a class without a place."""
    for name in ("beach/00001_1", "beach/00001_2", "forest/00002_1", "airport/00003_1"):
        photo(folder / "vision" / f"{name}.jpg")
        sound(folder / "sound" / f"{name}.wav")
    photo(folder / "vision" / "lake" / "00004_1.jpg")
    sound(folder / "sound" / "lake" / "00005_1.wav")


def soundingearth(folder: Path) -> None:
    """Sounds by either name, one that is missing."""
    rows = [
        ("aporee_1_1", 101, 1.0, 2.0, "a.mp3", "By the sea, early\nin the morning"),
        ("aporee_1_2", 102, 1.0, 2.0, "b.mp3", ""),
        ("aporee_1_7", 107, 1.0, 2.0, "c.mp3", ""),
        ("aporee_1_9", 109, 1.0, 2.0, "d.mp3", ""),
    ]
    header = ("long_key", "key", "longitude", "latitude", "mp3name", "description")
    table(folder / "metadata.csv", [header, *rows])
    for row in rows:
        photo(folder / "images" / f"{row[1]}.jpg")
    sound(folder / "raw_audio" / "aporee_1_1" / "a.mp3", seconds=0.2)
    sound(folder / "raw_audio" / "aporee_1_2" / "other.mp3", seconds=0.2)
    sound(folder / "raw_audio" / "107.mp3", seconds=0.2)


def ave(folder: Path) -> None:
    """Two events of one video, one without length, one of a missing video, one without a place, one more."""
    lines = [
        ("Train horn", "RUhOCu3LNXM", "good", 0, 1),
        ("Truck", "RUhOCu3LNXM", "good", 1, 2),
        ("Goat", "VWi2ENBuTbw", "good", 0, 0),
        ("Bus", "MH3m4AwEcRY", "good", 6, 8),
        ("Male speech, man speaking", "0giAfYq9oVM", "good", 3, 9),
        ("Horse", "2An2JMGMbbs", "good", 0, 1),
    ]
    table(folder / "Annotations.txt", lines, delimiter="&")
    table(folder / "trainSet.txt", lines[:4], delimiter="&")
    table(folder / "valSet.txt", lines[4:5], delimiter="&")
    table(folder / "testSet.txt", lines[5:], delimiter="&")
    video(folder / "AVE" / "RUhOCu3LNXM.mp4", seconds=2)
    video(folder / "AVE" / "2An2JMGMbbs.mp4")


def esc50(folder: Path) -> None:
    """A clip of each split, one that is missing, one without a place; in the folder of the archive."""
    header = ("filename", "fold", "target", "category", "esc10", "src_file", "take")
    rows = [
        ("1-100032-A-10.wav", 1, 10, "rain", "True", 100032, "A"),
        ("4-100033-A-11.wav", 4, 11, "sea_waves", "True", 100033, "A"),
        ("5-100034-A-13.wav", 5, 13, "crickets", "False", 100034, "A"),
        ("2-100035-A-10.wav", 2, 10, "rain", "True", 100035, "A"),
        ("3-100036-A-0.wav", 3, 0, "dog", "True", 100036, "A"),
    ]
    table(folder / "ESC-50-master" / "meta" / "esc50.csv", [header, *rows])
    for row in (*rows[:3], rows[4]):
        sound(folder / "ESC-50-master" / "audio" / str(row[0]))


def fsd50k(folder: Path) -> None:
    """A clip of each split, one that is missing, one whose speech keeps it out."""
    truth = folder / "FSD50K.ground_truth"
    dev = [
        (64760, "Waves_and_surf,Ocean,Water", "/m/1", "train"),
        (64761, "Rain,Water", "/m/2", "val"),
        (64762, "Rain,Water", "/m/2", "train"),
        (64763, "Speech,Rain,Human_voice", "/m/3", "train"),
    ]
    table(truth / "dev.csv", [("fname", "labels", "mids", "split"), *dev])
    table(truth / "eval.csv", [("fname", "labels", "mids"), (70001, "Wind", "/m/4")])
    for name in (64760, 64761, 64763):
        sound(folder / "FSD50K.dev_audio" / f"{name}.wav")
    sound(folder / "FSD50K.eval_audio" / "70001.wav")
    info = folder / "FSD50K.metadata" / "dev_clips_info_FSD50K.json"
    info.parent.mkdir()
    told = {"title": "sea", "license": "http://creativecommons.org/licenses/by/3.0/", "uploader": "somebody"}
    info.write_text(json.dumps({"64760": told}))


def places365(folder: Path) -> None:
    """The lists of the standard version: a photo that is missing, a category without a place."""
    categories = [("/b/beach", 48), ("/d/desert/sand", 116), ("/a/airfield", 0)]
    table(folder / "categories_places365.txt", categories, delimiter=" ")
    train = [("/b/beach/00000001.jpg", 48), ("/d/desert/sand/00000002.jpg", 116)]
    train += [("/b/beach/00000003.jpg", 48), ("/a/airfield/00000004.jpg", 0)]
    table(folder / "places365_train_standard.txt", train, delimiter=" ")
    table(folder / "places365_val.txt", [("Places365_val_00000001.jpg", 48)], delimiter=" ")
    for path, _ in (*train[:2], train[3]):
        photo(folder / "data_256_standard" / path.lstrip("/"))
    photo(folder / "val_256" / "Places365_val_00000001.jpg")


WRITERS: dict[str, Callable[[Path], None]] = {
    "vggsound": vggsound,
    "tau_urban": tau_urban,
    "landscape": landscape,
    "advance": advance,
    "soundingearth": soundingearth,
    "ave": ave,
    "esc50": esc50,
    "fsd50k": fsd50k,
    "places365": places365,
}
"""Name of a set: what writes its copy."""
