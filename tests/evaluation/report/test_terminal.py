"""The table for a terminal: aligned, narrow enough, complete; and how numbers are written."""

import math

from fake_results import SYSTEMS, metric
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.evaluation.report.exhibits import spread_over
from photowave.evaluation.report.tables import metric_tables, number, title, with_spread
from photowave.evaluation.report.terminal import WIDTH, summary_text

NAN = math.nan
BITS = ("model", "uniform", "histogram", "linear_predictor")


def test_table_of_the_usual_systems() -> None:
    metrics = tuple(metric(system=system) for system in SYSTEMS)
    metrics += tuple(metric("spread_ratio", s, better="neither", unit="", floor=NAN) for s in SYSTEMS)
    lines = summary_text(metrics, "No: sounds differ by photo.").splitlines()
    assert lines[0] == "No: sounds differ by photo."
    shown = [line for line in lines if line.startswith(("scene_recognised", "spread_ratio"))]
    assert len(shown) == 2
    assert all(line.count("0.42±.06") == len(SYSTEMS) for line in shown)
    assert [line.rindex("0.42") for line in shown] == [shown[0].rindex("0.42")] * 2
    assert "0.100" in shown[0]
    assert " - " in shown[1]
    assert ["high" in line for line in shown] == [True, False]


def test_a_value_that_is_missing_says_what_it_needs() -> None:
    metrics = [metric("told_apart", "real", value=NAN), metric("told_apart", "model"), metric("clicks")]
    text = " ".join(summary_text(metrics, "No.").split())
    assert "told_apart has no value for real: it needs sounds from two photos or recordings, and" in text
    assert "clicks has no" not in text
    page = summary_text([metric("clicks", value=NAN)], "No.")
    assert "it needs" not in page, "what should always be there has no excuse"


def test_figures_of_other_systems_get_their_own_table() -> None:
    metrics = [metric(system=s) for s in SYSTEMS] + [metric("bits_per_sample", s) for s in BITS]
    metrics += [metric("photo_swap_gain", "model")]
    main, bits = metric_tables(metrics)
    assert (list(main.rows), main.systems) == (["scene_recognised", "photo_swap_gain"], SYSTEMS)
    assert (list(bits.rows), bits.systems) == (["bits_per_sample"], BITS)
    assert main.rows["photo_swap_gain"][1:] == [None] * 5


def test_bounds_that_the_systems_do_not_share_are_left_out() -> None:
    (table,) = metric_tables([metric(system="real", floor=0.2), metric(system="model", floor=0.1)])
    floor, ceiling = table.bounds("scene_recognised")
    assert math.isnan(floor)
    assert ceiling == 0.68


numbers = st.floats(-1e9, 1e9) | st.sampled_from([NAN, math.inf, -math.inf])
words = st.text(st.sampled_from("abc_ 9"), min_size=1, max_size=40)
made_metrics = st.builds(
    metric, words, words, value=numbers, low=numbers, high=numbers, floor=numbers, ceiling=numbers,
    unit=st.sampled_from(["", "dB", "share"]), better=st.sampled_from(["higher", "lower", "neither"]),
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.lists(made_metrics, min_size=1, max_size=30, unique_by=lambda f: (f.name, f.system)))
def test_no_line_is_too_wide_and_no_value_is_lost(metrics: list) -> None:
    text = summary_text(metrics, "No.")
    assert max(map(len, text.splitlines())) <= WIDTH
    assert all(line == line.rstrip() for line in text.splitlines())
    cells = text.split()
    for one in metrics:
        assert with_spread(one).replace(" ±0.", "±.").replace(" ±", "±") in cells


def test_numbers_have_three_digits() -> None:
    written = {0.4567: "0.457", 12345.6: "12346", -31.25: "-31.2", 0.0: "0", NAN: "-"}
    written |= {0.012345: "0.0123", 1.5e-7: "1.5e-07", 3e8: "3.0e+08", math.inf: "inf"}
    assert {value: number(value) for value in written} == written
    assert number(-0.0) == "0"


def test_spread_decides_the_decimals() -> None:
    def shown(value: float, half: float) -> str:
        return with_spread(metric(value=value, low=value - half, high=value + half))

    assert shown(0.4234, 0.052) == "0.42 ±0.05"
    assert shown(0.4234, 0.0142) == "0.423 ±0.014"
    assert shown(0.4234, 0.0096) == "0.423 ±0.010"
    assert shown(-20.44, 0.3) == "-20.4 ±0.3"
    assert shown(0.3, 0.175) == "0.30 ±0.17"
    assert shown(-0.0004, 0.032) == "0.00 ±0.03"
    assert shown(1234.5, 34) == "1234 ±34"
    assert shown(0.4234, 0.0) == "0.423"
    assert shown(0.4234, NAN) == "0.423"


def test_titles_do_not_repeat_the_unit() -> None:
    names = [("level_difference_db", "dB"), ("spread_ratio", ""), ("db", "dB")]
    assert [title(*name) for name in names] == ["level difference", "spread ratio", "db"]


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.integers(1, 12))
def test_every_kind_has_its_turn_first(kinds: list[str], limit: int) -> None:
    chosen = spread_over(kinds, limit=limit)
    assert len(chosen) == len(set(chosen)) == min(limit, len(kinds))
    counts = {kind: sum(kinds[i] == kind for i in chosen) for kind in set(kinds)}
    for kind, count in counts.items():
        assert count == kinds.count(kind) or count >= max(counts.values()) - 1
    assert [kinds[i] for i in chosen] == sorted(kinds[i] for i in chosen)
