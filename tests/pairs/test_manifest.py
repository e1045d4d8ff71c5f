"""Manifests: the round trip, what goes with what, and every way to get one wrong."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photowave.errors import PairError
from photowave.pairs.manifest import Manifest, Row, read_manifest, write_manifest
from photowave.pairs.pairing import Credit, Excerpt, Pairing

HEADER = "photo,sound,scene,split"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos and three sounds, all different, as empty of meaning as files can be."""
    for name in ("a.jpg", "b.jpg", "c.jpg", "a.wav", "b.wav", "c.wav"):
        (tmp_path / name).write_bytes(f"content of {name}".encode())
    return tmp_path


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "pairs.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(PairError) as caught:
        read_manifest(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_paths_count_from_the_folder_of_the_manifest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "lists").mkdir()
    path = folder / "lists" / "pairs.csv"
    path.write_text(f"{HEADER}\n../a.jpg,{folder / 'a.wav'},sea,train\n", encoding="utf-8")
    monkeypatch.chdir(folder / "lists")
    (row,) = read_manifest("pairs.csv").rows
    assert row == Row(folder / "a.jpg", folder / "a.wav", "sea", "train")
    assert row.line == 2


def test_start_byte_order_mark_blank_lines_and_further_columns(folder: Path) -> None:
    path = folder / "pairs.csv"
    lines = ["start_s,split,scene,sound,photo,remark", "", "1.5, val ,,a.wav,,somebody", ",train,sea,,a.jpg,"]
    path.write_text("\r\n".join(lines), encoding="utf-8-sig")
    manifest = read_manifest(path)
    assert manifest.rows == (
        Row(None, folder / "a.wav", None, "val", 1.5),
        Row(folder / "a.jpg", None, "sea", "train"),
    )
    assert [row.line for row in manifest.rows] == [3, 4]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8).map("x{}y".format)


PLAIN = NAMES.filter(lambda name: ";" not in name)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_is_read_back(tmp_path: Path, data: st.DataObject) -> None:
    files = [tmp_path / "deep" / name for name in ("é,1.jpg", "q'.jpg", " s.wav", "ü;.wav")]
    (tmp_path / "deep").mkdir(exist_ok=True)
    (tmp_path / "lists").mkdir(exist_ok=True)
    for number, file in enumerate(files):
        file.write_bytes(bytes([number]))
    sound_row = st.builds(
        Row,
        st.sampled_from([None, *files[:2]]),
        st.sampled_from(files[2:]),
        st.none() | NAMES,
        st.just("train"),
        st.none() | st.floats(0, 1e9),
        bandwidth_hz=st.none() | st.floats(0, 1e9, exclude_min=True),
        licence=st.just("") | NAMES,
        author=st.just("") | NAMES,
        source=st.just("") | NAMES,
    )
    photo_row = st.builds(Row, st.sampled_from(files[:2]), st.none(), st.none() | NAMES, st.just("train"))
    suits_more = st.builds(
        Row,
        st.sampled_from(files[:2]),
        st.none(),
        NAMES.map("main {}".format),
        st.just("train"),
        also=st.lists(PLAIN, min_size=1, max_size=3, unique=True).map(tuple),
    )
    rows = data.draw(st.lists(sound_row | photo_row | suits_more, min_size=1, max_size=6))
    place = data.draw(st.sampled_from([tmp_path, tmp_path / "lists", tmp_path / "deep"]))
    write_manifest(place / "m.csv", rows)
    manifest = read_manifest(place / "m.csv")
    assert manifest.rows == tuple(rows)
    assert [row.line for row in manifest.rows] == list(range(2, len(rows) + 2))


def test_further_scenes_and_bandwidths_are_read_and_written_where_they_are(folder: Path) -> None:
    path = written(
        folder,
        "a.jpg,,sea,train,lake; harbour ,,",
        "b.jpg,,sea,train,,,",
        ",a.wav,lake,train, ,8000,1.5",
        header=HEADER + ",also,bandwidth_hz,start_s",
    )
    rows = read_manifest(path).rows
    assert [row.also for row in rows] == [("lake", "harbour"), (), ()]
    assert [row.bandwidth_hz for row in rows] == [None, None, 8000.0]
    write_manifest(path, rows)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "photo,sound,scene,split,also,start_s,bandwidth_hz",
        "a.jpg,,sea,train,lake;harbour,,",
        "b.jpg,,sea,train,,,",
        ",a.wav,lake,train,,1.5,8000.0",
    ]


def test_a_sound_is_the_work_of_whom_its_first_row_with_a_name_says(folder: Path) -> None:
    path = written(
        folder,
        "a.jpg,a.wav,sea,train,,,",
        ",a.wav,sea,train, CC0 ,Ann,",
        "b.jpg,,sea,train,CC-BY-4.0,Bob,https://x.org",
        header=HEADER + ",licence,author,source",
    )
    assert read_manifest(path).pairs().credits == (Credit("CC0", "Ann", ""),)


def test_written_paths_are_relative_with_forward_slashes(folder: Path) -> None:
    (folder / "lists").mkdir()
    write_manifest(folder / "lists" / "m.csv", [Row(folder / "a.jpg", folder / "a.wav", None, "test", 0.25)])
    text = (folder / "lists" / "m.csv").read_text(encoding="utf-8")
    assert text == "photo,sound,scene,split,start_s\n../a.jpg,../a.wav,,test,0.25\n"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"photo": None}, "neither photo nor sound"),
        ({"split": "Train"}, "split 'Train' is not train, val or test"),
        ({"start_s": 1.0}, "start_s 1.0 has no sound"),
        ({"scene": " sea"}, "scene ' sea' has outer spaces"),
        ({"scene": ""}, "scene is empty text"),
        ({"scene": "a\nb"}, "line break"),
        ({"also": ("lake", "a\nb")}, "line break"),
        ({"also": ("lake;pond",)}, "also 'lake;pond' must be names with ';' between them"),
        ({"also": ("lake", "")}, "also 'lake;' must be names"),
        ({"also": (" lake",)}, "also ' lake' must be names .* without outer spaces"),
        ({"also": ("lake", "lake")}, "also 'lake;lake' names a scene twice"),
        ({"also": ("lake", "sea")}, "also 'lake;sea' names .* that of the row, 'sea'"),
        ({"also": ("lake",), "scene": None}, "also 'lake' stands without a scene"),
        ({"also": ("lake",), "photo": None, "sound": Path("a.wav")}, "also 'lake' has no photo"),
        ({"bandwidth_hz": 8000.0}, "bandwidth_hz 8000.0 has no sound"),
        ({"licence": " CC0"}, "licence, author, source must have no outer spaces"),
        ({"author": "A\nB"}, "a name has a line break in it"),
        ({"bandwidth_hz": 0.0, "sound": Path("a.wav")}, "bandwidth_hz 0.0 is not more than 0"),
    ],
)
def test_rows_that_could_not_be_read_back_are_not_written(folder: Path, change: dict, words: str) -> None:
    good = Row(folder / "a.jpg", None, "sea", "train")
    with pytest.raises(PairError, match=f"m.csv: 1 problem: row 2: .*{words}"):
        write_manifest(folder / "m.csv", [good, replace(good, **change)])
    assert not (folder / "m.csv").exists()


def test_an_unwritable_place_is_named(folder: Path) -> None:
    with pytest.raises(
        PairError,
        match=r"m\.csv cannot be written .*Choose a folder that exists",
    ):
        write_manifest(folder / "missing" / "m.csv", [Row(folder / "a.jpg", None, None, "train")])


def test_a_name_that_is_not_unicode_leaves_nothing_behind(folder: Path) -> None:
    with pytest.raises(PairError, match="is not Unicode text"):
        write_manifest(folder / "m.csv", [Row(folder / "\udcff.jpg", None, None, "train")])
    assert not list(folder.glob("*.csv"))


def test_all_problems_are_listed_at_once(folder: Path) -> None:
    path = written(
        folder,
        "a.jpg,a.wav,sea,train,1",
        "gone.jpg,lost.wav,sea,train,",
        ",,sea,train,",
        "b.jpg,,sea,learn,",
        "b.jpg,,sea,val,2",
        ",b.wav,,val,-1",
        ",b.wav,,val,soon",
        ",b.wav,,val,nan",
        "c.jpg,,sea",
        "a.jpg,,sea,val,",
        header=HEADER + ",start_s",
    )
    text = refusal(path)
    assert text.startswith(f"{path}: 10 problems: ")
    for expected in (
        "line 3: photo 'gone.jpg' does not exist",
        "line 3: sound 'lost.wav' does not exist",
        "line 4: has neither photo nor sound",
        "line 5: split 'learn' is not train, val or test",
        "line 6: start_s 2.0 has no sound",
        "line 7: start_s -1.0 is not 0 or more",
        "line 8: start_s 'soon' is not a number",
        "line 9: start_s nan is not 0 or more",
        "line 10: has 3 cells under 5 columns",
        "line 11: photo 'a.jpg' of split val stands also in split train (line 2)",
    ):
        assert expected in text


def test_a_bandwidth_that_is_no_number_is_named(folder: Path) -> None:
    path = written(folder, ",a.wav,sea,train,high", ",b.wav,sea,train,inf", header=HEADER + ",bandwidth_hz")
    text = refusal(path)
    assert "line 2: bandwidth_hz 'high' is not a number; line 3: bandwidth_hz inf is not more than 0" in text


def test_many_problems_are_all_spelled_out(folder: Path) -> None:
    text = refusal(written(folder, *(f"gone{n}.jpg,,sea,train" for n in range(25))))
    assert "25 problems" in text
    assert text.count("does not exist") == 25
    assert "line 25: photo 'gone23.jpg' does not exist; line 26: photo 'gone24.jpg' does not exist." in text


def test_missing_and_double_columns_are_named_with_those_present(folder: Path) -> None:
    text = refusal(written(folder, "a,b,c", header="photo, photo,split"))
    assert (
        "columns missing: sound, scene; columns given twice: photo; present are: photo, photo, split" in text
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (HEADER.encode(), "has column names but no rows"),
        ("photo,sound,scene,split\nä.jpg,,,train".encode("latin-1"), "is not UTF-8 text (byte 24)"),
        (f'{HEADER}\n"a.jpg,,sea,train\n'.encode(), "line 2: is not CSV"),
    ],
)
def test_files_that_are_no_manifest(folder: Path, content: bytes, words: str) -> None:
    (folder / "m.csv").write_bytes(content)
    assert words in refusal(folder / "m.csv")


def test_no_such_file_and_a_folder(folder: Path) -> None:
    assert "gone.csv does not exist" in refusal(folder / "gone.csv")
    assert f"{folder} cannot be read" in refusal(folder)


@pytest.mark.parametrize("kind", ["photo", "sound"])
def test_copies_in_two_splits_are_refused(folder: Path, kind: str) -> None:
    name = {"photo": "a.jpg", "sound": "a.wav"}[kind]
    copy = f"copy{name[1:]}"
    (folder / copy).write_bytes((folder / name).read_bytes())
    line = "{},,sea,{}" if kind == "photo" else ",{},sea,{}"
    text = refusal(written(folder, line.format(name, "train"), line.format(copy, "test")))
    assert f"line 3: {kind} '{copy}' of split test has the content of '{name}', which stands" in text
    together = written(folder, line.format(name, "test"), line.format(copy, "test"))
    assert len(read_manifest(together).rows) == 2


def test_a_link_to_a_file_of_another_split_is_refused(folder: Path) -> None:
    try:
        (folder / "link.jpg").symlink_to(folder / "a.jpg")
    except OSError as error:
        pytest.skip(f"this system makes no symbolic links: {error}")
    text = refusal(written(folder, "a.jpg,,sea,train", "link.jpg,,sea,val"))
    assert "'link.jpg' of split val has the content of 'a.jpg'" in text


def test_one_recording_at_two_places_stays_in_one_split(folder: Path) -> None:
    path = written(folder, ",a.wav,,train,0", ",a.wav,,val,30", header=HEADER + ",start_s")
    assert "sound 'a.wav' of split val stands also in split train" in refusal(path)


def test_split_photos_sounds_and_scenes(folder: Path) -> None:
    path = written(
        folder, "b.jpg,b.wav,sea,train", "a.jpg,b.wav,city,train", ",b.wav,,train", "c.jpg,,sea,val"
    )
    manifest = read_manifest(path)
    train = manifest.split("train")
    assert train.photos == (folder / "b.jpg", folder / "a.jpg")
    assert train.sounds == (folder / "b.wav",)
    assert train.scenes == ("city", "sea")
    assert manifest.split("val").rows == manifest.rows[3:]
    with pytest.raises(
        PairError, match=r"no row belongs to split 'test'; the rows are: train \(3\), val \(1\)"
    ):
        manifest.split("test")


def rows_of(*parts: tuple[str, str, str, float | None]) -> Manifest:
    rows = [
        Row(Path(p) if p else None, Path(s) if s else None, c or None, "train", t) for p, s, c, t in parts
    ]
    return Manifest(tuple(rows), Path("m.csv"))


def test_pairs_by_row_and_by_scene() -> None:
    manifest = rows_of(
        ("p0", "s0", "sea", None),
        ("p1", "", "sea", None),
        ("", "s1", "sea", None),
        ("p2", "s2", "", 3.0),
        ("p2", "s2", "", 9.0),
        ("", "s3", "", None),
        ("p3", "", "city", None),
    )
    by_row = manifest.pairs("row")
    assert by_row.photos == tuple(Path(f"p{n}") for n in range(4))
    assert by_row.sounds == tuple(
        Excerpt(Path(name), start)
        for name, start in (("s0", None), ("s1", None), ("s2", 3.0), ("s2", 9.0), ("s3", None))
    )
    assert by_row.sounds_of == ((0,), (), (2, 3), ())
    assert by_row.photos_of == ((0,), (), (2,), (2,), ())
    by_scene = manifest.pairs("scene")
    assert by_scene.sounds_of == ((0, 1), (0, 1), (2, 3), ())
    assert by_scene.photos_of == ((0, 1), (0, 1), (2,), (2,), ())
    assert by_scene.photo_scenes == ("sea", "sea", None, "city")
    assert by_scene.sound_scenes == ("sea", "sea", None, None, None)


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(*(st.sampled_from(["", "0", "1", "2", "3"]) for _ in range(3)), st.none()).filter(
            lambda row: bool(row[0] or row[1])
        ),
        max_size=12,
    ),
    pairing=st.sampled_from(["row", "scene"]),
)
def test_pairing_is_what_the_rows_say_both_ways(rows: list, pairing: str) -> None:
    expected = {
        (Path(a[0]), Path(b[1]))
        for a in rows
        for b in rows
        if a[0] and b[1] and (a is b or (pairing == "scene" and a[2] and a[2] == b[2]))
    }
    if not expected:
        with pytest.raises(PairError, match="no photo has a sound"):
            rows_of(*rows).pairs(pairing)
        return
    found = rows_of(*rows).pairs(pairing)
    forth = {(found.photos[p], found.sounds[s].path) for p, of in enumerate(found.sounds_of) for s in of}
    back = {(found.photos[p], found.sounds[s].path) for s, of in enumerate(found.photos_of) for p in of}
    assert forth == back == expected
    assert all(list(of) == sorted(set(of)) for of in (*found.sounds_of, *found.photos_of))


def test_a_photo_goes_with_the_sounds_of_the_further_scenes_it_names() -> None:
    photo, other, third = Path("p0"), Path("p1"), Path("p2")
    rows = (
        Row(photo, None, "forest", "train", also=("wind", "geyser")),
        Row(photo, None, "forest", "train", also=("night", "wind")),
        Row(other, None, "kitchen", "train"),
        Row(third, None, "night", "train", also=("forest",)),
        Row(None, Path("s0"), "forest", "train", bandwidth_hz=9000.0),
        Row(None, Path("s1"), "wind", "train"),
        Row(None, Path("s2"), "night", "train", 3.0),
        Row(None, Path("s2"), "night", "train", 3.0, bandwidth_hz=8000.0),
    )
    found = Manifest(rows, Path("m.csv")).pairs("scene")
    assert found.sounds_of == ((0, 1, 2), (), (0, 2))
    assert found.photos_of == ((0, 2), (0,), (0, 2))
    # Further scenes open the way to more sounds; what a photo is of stays what it is.
    assert found.photo_scenes == ("forest", "kitchen", "night")
    assert found.photo_also == (("wind", "geyser", "night"), (), ("forest",))
    assert found.bandwidths_hz == (9000.0, None, 8000.0)
    with pytest.raises(PairError, match="no photo has a sound with pairing 'row'"):
        Manifest(rows, Path("m.csv")).pairs("row")


def test_a_photo_of_two_scenes_keeps_the_first_and_does_not_name_it_again() -> None:
    rows = (Row(Path("p"), None, "sea", "train"), Row(Path("p"), None, "lake", "train", also=("sea", "rain")))
    found = Manifest((*rows, Row(None, Path("s"), "lake", "train")), Path("m.csv")).pairs("scene")
    assert (found.photo_scenes, found.photo_also, found.sounds_of) == (("sea",), (("rain",),), ((0,),))


def test_pairings_without_further_scenes_and_bandwidths_have_a_place_for_each() -> None:
    found = Pairing(
        photos=(Path("p"), Path("q")),
        sounds=(Excerpt(Path("s"), None),),
        sounds_of=((0,), ()),
        photos_of=((0,),),
        photo_scenes=(None, None),
        sound_scenes=(None,),
    )
    assert (found.photo_also, found.bandwidths_hz) == (((), ()), (None,))


def test_an_unknown_pairing_is_refused() -> None:
    with pytest.raises(PairError, match="pairing='scenes': must be 'row' or 'scene'"):
        rows_of(("p", "s", "", None)).pairs("scenes")


@pytest.mark.places
def test_the_set_of_places(places_manifest: Path) -> None:
    manifest = read_manifest(places_manifest)
    assert (len(manifest.photos), len(manifest.sounds), len(manifest.scenes)) == (713, 243, 29)
    for name in ("train", "val", "test"):
        found = manifest.split(name).pairs("scene")
        assert any(found.sounds_of)
        assert any(found.photo_also)
        assert None not in found.bandwidths_hz


NFC, NFD = "café", "cafe\N{COMBINING ACUTE ACCENT}"


def test_scenes_that_look_alike_are_one(folder: Path) -> None:
    path = written(folder, f"a.jpg,,{NFC},train,", f",a.wav,{NFD},train,", f"b.jpg,,sea,train,{NFD}")
    path.write_text(path.read_text(encoding="utf-8").replace(HEADER, f"{HEADER},also"), encoding="utf-8")
    manifest = read_manifest(path)
    assert manifest.scenes == (NFC, "sea")
    assert manifest.pairs().sounds_of == ((0,), (0,))
    assert Row(None, None, NFD, "train", also=(NFD,)) == Row(None, None, NFC, "train", also=(NFC,))


@pytest.mark.parametrize(("lies", "named"), [(NFC, NFD), (NFD, NFC)])
def test_a_file_is_found_in_the_other_unicode_form(lies: str, named: str, folder: Path) -> None:
    (folder / lies).mkdir()
    (folder / "a.jpg").rename(folder / lies / f"{named}.jpg")
    (row,) = read_manifest(written(folder, f"{named}/{lies}.jpg,a.wav,sea,train")).rows
    assert row.photo == folder / lies / f"{named}.jpg"


def test_a_name_too_long_for_the_disk_hides_no_other_fault(folder: Path) -> None:
    said = refusal(written(folder, f"{'x' * 300}.jpg,a.wav,sea,train", "b.jpg,none.wav,sea,train"))
    assert "2 problems" in said
    assert f"photo '{'x' * 60}...' cannot be read: File name too long" in said
    assert "sound 'none.wav' does not exist" in said


def test_a_folder_is_no_photo(folder: Path) -> None:
    (folder / "d.jpg").mkdir()
    assert "photo 'd.jpg' is no file" in refusal(written(folder, "d.jpg,a.wav,sea,train"))
