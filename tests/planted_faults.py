"""A small collection with one fault of nearly every kind, and good rows between them."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image, ImageFilter
from tiny_music import song

RATE = 16_000
HEADER = "photo,sound,scene,split,start_s"


def picture(seed: int, size: tuple[int, int] = (176, 144)) -> Image.Image:
    """Soft coloured blots, other ones for each seed."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def hiss(seed: int, seconds: float = 3.0, channels: int = 1) -> np.ndarray:
    """White noise at -20 dBFS, [time, channels]."""
    return np.random.default_rng(seed).normal(0, 0.1, (round(seconds * RATE), channels))


def rumble(seed: int, seconds: float = 3.0) -> np.ndarray:
    """Noise that falls by 12 dB an octave, at -20 dBFS, [time, 1]."""
    spectrum = np.fft.rfft(hiss(seed, seconds)[:, 0])
    samples = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)) / seconds / 100, 1) ** 2)
    return (0.1 * samples / samples.std())[:, None]


def encoded(samples: np.ndarray, kind: str, rate: int = RATE) -> bytes:
    """The bytes of a sound file."""
    content = io.BytesIO()
    soundfile.write(content, samples, rate, format=kind)
    return content.getvalue()


class Collection:
    """Files and rows, and what shall be found in which line."""

    def __init__(self, folder: Path):
        self.folder, self.rows, self.expected = folder, list[bytes](), set[tuple[int, str]]()
        self.seed = 100

    def photo(self, name: str, content: bytes | Image.Image | None = None) -> str:
        """Write a photo; without content one that is like no other."""
        self.seed += 1
        if not isinstance(content, bytes):
            (content or picture(self.seed)).save(self.folder / name, quality=90)
        else:
            (self.folder / name).write_bytes(content)
        return name

    def sound(self, name: str, content: bytes | np.ndarray | None = None) -> str:
        """Write a sound; without content one that is like no other."""
        self.seed += 1
        content = hiss(self.seed) if content is None else content
        if isinstance(content, bytes):
            (self.folder / name).write_bytes(content)
        else:
            soundfile.write(self.folder / name, content, RATE)
        return name

    def row(self, text: str | bytes, *kinds: str) -> None:
        """Add a line in which these kinds of faults shall be found."""
        self.rows.append(text.encode() if isinstance(text, str) else text)
        self.expected |= {(len(self.rows) + 1, kind) for kind in kinds}

    def write(self) -> Path:
        """Write the manifest."""
        path = self.folder / "pairs.csv"
        path.write_bytes(b"\n".join([HEADER.encode(), *self.rows]) + b"\n")
        return path


def plant(folder: Path) -> Collection:
    """Make the collection; the good rows train, validate and test."""
    made = Collection(folder)
    for index, split in enumerate(("train", "train", "train", "val", "test")):
        made.row(f"{made.photo(f'good{index}.jpg')},{made.sound(f'good{index}.wav')},sea,{split},")
    _faulty_rows(made)
    _unusable_files(made)
    _odd_files(made)
    _odd_together(made)
    _odd_places(made)
    return made


def _faulty_rows(made: Collection) -> None:
    made.row("gone.jpg,,sea,train,", "missing")
    made.row(",gone.wav,sea,train,", "missing")
    made.row(",,sea,train,", "faulty row")
    made.row(f"{made.photo('a.jpg')},,sea,learn,", "faulty row")
    made.row(f",{made.sound('a.wav')},sea,train,soon", "faulty row")
    made.row("good0.jpg,,sea", "faulty row")
    made.row('"good0.jpg,,sea,train,', "faulty row")
    made.row(b"caf\xe9.jpg,,sea,train,", "faulty row")


def _unusable_files(made: Collection) -> None:
    jpeg = io.BytesIO()
    picture(1).save(jpeg, "JPEG")
    noise = hiss(2, 3.0)
    broken = noise.copy()
    broken[100] = np.nan
    stereo = hiss(3, channels=1)
    faults: list[tuple[str, bytes | np.ndarray, str]] = [
        ("empty.jpg", b"", "empty"),
        ("empty.wav", b"", "empty"),
        ("text.jpg", b"not a photo at all", "not a photo"),
        ("text.wav", b"not a sound at all", "not a sound"),
        ("half.jpg", jpeg.getvalue()[: len(jpeg.getvalue()) // 2], "truncated"),
        ("half.flac", encoded(noise, "FLAC")[:20_000], "truncated"),
        ("half.ogg", encoded(noise, "OGG")[:9_000], "truncated"),
        ("nan.wav", _floats(broken), "unreadable"),
        ("short.wav", hiss(4, 0.2), "too short"),
        ("zeros.wav", np.zeros((RATE, 1)), "silent"),
        ("constant.wav", np.full((RATE, 1), 0.3), "silent"),
        ("opposed.wav", np.concatenate([stereo, -stereo], 1), "channels cancel"),
    ]
    for name, content, kind in faults:
        if name.endswith(".jpg"):
            assert isinstance(content, bytes)
            made.row(f"{made.photo(name, content)},,sea,train,", kind)
        else:
            made.row(f",{made.sound(name, content)},sea,train,", kind)
    made.row(f",{made.sound('ends.wav')},sea,train,2.5", "too short")
    tail = np.concatenate([hiss(5, 12.0), np.zeros((8 * RATE, 1))])
    made.row(f",{made.sound('tail.wav', tail)},sea,train,13", "silent")
    made.row(",tail.wav,sea,train,3")


def _odd_files(made: Collection) -> None:
    wave = hiss(6)
    half_zeros = hiss(7)
    half_zeros[RATE // 2 :] = 0
    one_sided = hiss(8, channels=2)
    one_sided[:, 1] = 0
    spectrum = np.fft.rfft(hiss(9)[:, 0])
    spectrum[len(spectrum) // 3 :] = 0
    faults: list[tuple[str, bytes | np.ndarray, str]] = [
        ("cut.wav", encoded(wave, "WAV")[:-20_000], "cut short"),
        ("pauses.wav", half_zeros, "mostly silent"),
        ("left.wav", one_sided, "dead channel"),
        ("loud.wav", np.clip(hiss(10) * 8, -0.9, 0.9), "clipped"),
        ("offset.wav", hiss(11) + 0.1, "DC offset"),
        ("dull.wav", np.fft.irfft(spectrum)[:, None], "band-limited"),
    ]
    for name, content, kind in faults:
        made.row(f",{made.sound(name, content)},sea,train,", kind)
    made.row(f",{made.sound('song.wav', song('band', seed=0, seconds=8.0)[:, None])},sea,train,", "music")
    made.row(f"{made.photo('small.png', picture(12, (60, 40)))},,sea,train,", "too small")
    made.row(f"{made.photo('black.png', Image.new('RGB', (200, 150)))},,sea,train,", "one colour")


def _odd_together(made: Collection) -> None:
    copied: Callable[[str], bytes] = lambda name: (made.folder / name).read_bytes()  # noqa: E731
    made.row("good0.jpg,,sea,val,", "in two splits")
    made.row(f",{made.sound('copy.wav', copied('good1.wav'))},sea,test,", "in two splits")
    made.row("good0.jpg,good0.wav,sea,train,", "double row")
    made.row(f"{made.photo('copy.jpg', copied('good1.jpg'))},,sea,train,", "duplicate")
    near = Image.open(made.folder / "good2.jpg").resize((300, 240)).filter(ImageFilter.GaussianBlur(1))
    made.row(f"{made.photo('near.jpg', near)},,sea,train,", "near duplicate")
    made.row(f",{made.sound('walk__0-3s.wav')},sea,train,")
    made.row(f",{made.sound('walk__3-6s.wav')},sea,val,", "recording in two splits")
    made.row(f",{made.sound('long.wav', hiss(13, 6.0))},sea,train,")
    softer = hiss(13, 6.0)[RATE // 2 :] / 4
    made.row(f",{made.sound('softer.mp3', encoded(softer, 'MP3'))},sea,train,", "near duplicate")
    made.row(f",{made.sound('softer.ogg', encoded(softer, 'OGG'))},sea,test,", "recording in two splits")


def _odd_places(made: Collection) -> None:
    for seed in range(5):
        made.row(f",{made.sound(f'surf{seed}.wav', rumble(seed))},cave,train,")
    made.row(f",{made.sound('stray.wav')},cave,train,", "implausible sound")


def _floats(samples: np.ndarray) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, samples, RATE, format="WAV", subtype="FLOAT")
    return content.getvalue()
