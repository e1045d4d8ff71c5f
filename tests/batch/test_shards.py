"""Shards hold the same sounds as files, fill up, and are found through one index."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import soundfile
from pyarrow import parquet
from tiny_models import save_photo

from photowave.batch.tar import add_member, dumped, read_shard
from photowave.errors import ConfigError


def unpacked(out: Path) -> dict[str, bytes]:
    """All sounds in shards, by name."""
    found = {}
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as tar:
            names = tar.getnames()
            keys = [name.partition(".")[0] for name in names]
            assert keys == sorted(keys), "what belongs together lies together"
            for name in names:
                stream = tar.extractfile(name)
                assert stream is not None
                found[name] = stream.read()
    return {name: content for name, content in found.items() if name.endswith((".wav", ".flac"))}


def index(out: Path) -> pa.Table:
    return parquet.read_table(out / "index.parquet")


def test_shards_hold_what_files_hold_and_the_index_finds_it(
    run: Callable[..., int], table: Path, out: Path, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    assert run(table, out=files) == run(table, shard_size=3) == 1
    assert sorted(path.name for path in out.iterdir()) == [
        *("failures.csv", "index.parquet"),
        *(f"shard-00000{shard}.tar" for shard in (0, 1, 2)),
    ]
    assert unpacked(out) == {path.name: path.read_bytes() for path in files.glob("*.wav")}
    rows = index(out).to_pylist()
    assert [row["row"] for row in rows] == [0, 1, 3, 4, 7]
    assert [row["shard"] for row in rows] == [f"shard-00000{shard}.tar" for shard in (0, 0, 1, 1, 2)]
    assert [row["seed"] for row in rows] == [0, 3, 4, 0, 5]
    assert [row["photo"] for row in rows] == [f"photos/{photo}.png" for photo in (0, 1, 1, 2, 3)]
    for row in rows:
        with (out / row["shard"]).open("rb") as shard:
            shard.seek(row["offset"])
            content = shard.read(row["size"])
        assert content == (files / row["file"]).read_bytes()
        assert soundfile.info(io.BytesIO(content)).duration == pytest.approx(row["duration_s"])
        assert json.loads(row["info"])["photo_sha256"] == row["photo_sha256"]


def test_shards_fill_up_and_full_ones_are_left_alone(
    run: Callable[..., int], table: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(table, shard_size=3) == 1
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    sounds = unpacked(out)
    described = {path.name: read_shard(path) for path in out.glob("*.tar")}
    save_photo(table.parent / "photos" / "broken.jpg", 9)
    with table.open("a") as file:
        file.write("photos/0.png,8,,\nphotos/0.png,9,,\n")
    capsys.readouterr()
    assert run(table, "--skip_existing", shard_size=3) == 1
    assert "5 of 9 sounds are there already" in capsys.readouterr().out
    after = unpacked(out)
    assert {name: after[name] for name in sounds} == sounds
    assert sorted(after.keys() - sounds.keys()) == [f"0000000{row}.wav" for row in (2, 8, 9)]
    changed = {name for name, time in before.items() if (out / name).stat().st_mtime_ns != time}
    assert changed == {"shard-000000.tar", "shard-000002.tar"}
    for name, members in described.items():
        now = read_shard(out / name)
        assert all(now[key].info == member.info for key, member in members.items()), "none is drawn again"
    assert index(out)["row"].to_pylist() == [0, 1, 2, 3, 4, 7, 8, 9]


def test_sounds_that_wait_for_their_shard_are_there(
    run: Callable[..., int], table: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(table, out=out / "unpacked") == 1
    (out / "unpacked" / "failures.csv").unlink()
    (out / "unpacked" / "00000003.wav").unlink()
    (out / "unpacked" / "00000009.json").write_text("{}")
    capsys.readouterr()
    assert run(table, "--skip_existing", shard_size=3) == 1
    assert "4 of 7 sounds are there already" in capsys.readouterr().out
    assert len(unpacked(out)) == 5
    assert not (out / "unpacked").exists()


def test_overwriting_replaces_sounds_in_their_shards(run: Callable[..., int], table: Path, out: Path) -> None:
    assert run(table, shard_size=3) == 1
    first = unpacked(out)
    assert run(table, shard_size=3, temperature=0.5) == 2, "they are others"
    assert unpacked(out) == first
    assert run(table, "--overwrite", shard_size=3, temperature=0.5, format="flac") == 1
    assert sorted(unpacked(out)) == [name.replace(".wav", ".flac") for name in sorted(first)]
    assert set(index(out)["temperature"].to_pylist()) == {0.5}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"shard_size": 2}, "holds row 2, which shards of 2 rows have elsewhere"),
        ({"shard_size": 3, "format": "flac"}, "holds 00000000.wav, and flac is asked for"),
        ({"shard_size": 3, "seed": 2}, "00000000 was drawn with seed=0, and seed=2 is asked for"),
        ({"shard_size": 0}, "shard_size=0: must be 1 or more"),
    ],
    ids=str,
)
def test_other_shards_are_not_mixed_with_those_that_are_there(
    options: dict[str, object],
    told: str,
    run: Callable[..., int],
    table: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table.write_text("photo\nphotos/0.png\nphotos/1.png\nphotos/2.png\n")
    assert run(table, shard_size=3) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    capsys.readouterr()
    assert run(table, "--skip_existing", **options) == 2
    assert told in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("kept", [0, 700, 5_000])
def test_a_damaged_shard_is_told_and_kept(
    kept: int, run: Callable[..., int], table: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(table, shard_size=100) == 1
    shard = out / "shard-000000.tar"
    shard.write_bytes(shard.read_bytes()[:kept])
    capsys.readouterr()
    code = run(table, "--skip_existing", shard_size=100)
    assert shard.stat().st_size == kept, (code, capsys.readouterr())
    assert code == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "shard-000000.tar is no shard that can be read" in err


def test_a_shard_is_whole_or_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    shard = tmp_path / "shard-000000.tar"
    with tarfile.open(shard, "w") as tar:
        for row in range(3):
            add_member(tar, f"{row:08d}.json", dumped({"seed": row}))
            add_member(tar, f"{row:08d}.wav", bytes(700 + row))
    whole = shard.read_bytes()
    assert len(read_shard(shard)) == 3
    end = len(whole.rstrip(b"\0"))  # in the last header, before its 702 zeros
    end = -(-end // 512) * 512 + 1_024
    for kept in (*range(0, end, 100), *range(0, end, 512), end + 1_023):
        shard.write_bytes(whole[:kept])
        with pytest.raises(ConfigError, match="is no shard that can be read"):
            read_shard(shard)
    shard.write_bytes(whole[: end + 1_024])
    assert len(read_shard(shard)) == 3


def test_photos_of_a_folder_are_listed_with_their_folders(
    run: Callable[..., int], table: Path, out: Path
) -> None:
    deeper = table.parent / "photos" / "sea" / "9.png"
    deeper.parent.mkdir()
    save_photo(deeper, 9)
    assert run(table.parent / "photos", "--recursive", shard_size=4) == 1
    assert index(out)["photo"].to_pylist() == ["0.png", "1.png", "2.png", "3.png", "sea/9.png"]
    assert index(out)["row"].to_pylist() == [0, 1, 2, 3, 5], "the broken photo has a number, too"
    assert (out / "failures.csv").read_text().splitlines()[1].startswith("4,broken.jpg,")


def test_a_picture_has_no_place_in_a_shard(
    run: Callable[..., int], table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(table, "--spectrogram", shard_size=4) == 2
    assert "shards hold sounds and descriptions only" in capsys.readouterr().err
