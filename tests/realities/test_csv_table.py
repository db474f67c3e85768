"""Tables: which line is the header, which columns are data, and which looks are refused."""

import io

import numpy as np
import pandas as pd
import pytest

from genloss.errors import DataError, SpecError
from genloss.realities.csv_looks import Reading
from genloss.realities.csv_table import read_table
from genloss.realities.from_file import TableFile

RNG = np.random.default_rng(0)
FLOATS = RNG.normal(50, 3, (40, 2)).round(3)
INTEGERS = RNG.integers(0, 255, (40, 2))


def written(x, header=None, index=False, **options) -> str:
    return pd.DataFrame(x).to_csv(None, header=header or False, index=index, **options)


@pytest.mark.parametrize("x", [FLOATS, INTEGERS, FLOATS[:, :1], RNG.normal(0, 1e-4, (30, 3))])
@pytest.mark.parametrize("named", [True, False])
def test_pandas_reads_the_same_rows(x, named):
    """Names in line 1 or none; pandas is told which, and the table tells itself."""
    names = [f"x{i}" for i in range(x.shape[1])] if named else None
    text = written(x, names)
    table = read_table(text, Reading(), "t.csv")
    # As text: older versions read the last bits of a float otherwise.
    theirs = pd.read_csv(io.StringIO(text), header=0 if named else None, dtype=str)
    theirs = theirs.to_numpy(object).astype(float)
    np.testing.assert_array_equal(table.rows, theirs)
    assert table.header is named
    assert table.names == tuple(names or [""] * x.shape[1])


@pytest.mark.parametrize("first", [0, 1])
def test_row_numbers_without_a_name_are_left_out_and_said(first):
    frame = pd.DataFrame(FLOATS, columns=["x", "y"], index=range(first, 40 + first))
    table = read_table(frame.to_csv(), Reading(), "t.csv")
    np.testing.assert_array_equal(table.rows, FLOATS)
    assert table.summary() == (
        "40 rows of 2 columns (x, y); line 1 read as header; column 1, without a name, left out as "
        "row numbers"
    )


def shuffled() -> pd.DataFrame:
    return pd.DataFrame(FLOATS, columns=["x", "y"]).sample(frac=1.0, random_state=0)


DOUBTS = {
    "years over values": (written(FLOATS, ["2020", "2021"]), "header"),
    "years over counts": (written(INTEGERS, ["2020", "2021"]), "header"),
    "places over values": (written(FLOATS, ["0", "1"]), "header"),
    "places over pixels": (written(RNG.integers(0, 255, (40, 5)), list("01234")), "header"),
    "one place": (written(FLOATS[:, 0] - 50, ["0"]), "header"),
    "places and row numbers": (pd.DataFrame(FLOATS).to_csv(), "header"),
    "wavelengths over shares": (
        written(FLOATS, ["400.5", "410.5"]),
        "header",
    ),
    "levels far from values": (
        written(RNG.normal(50, 1, (40, 3)), ["0.1", "0.5", "0.9"]),
        "header",
    ),
    "levels from zero": (written(RNG.normal(50, 1, (40, 3)), ["0.0", "0.1", "0.2"]), "header"),
    "one level": (written(RNG.normal(50, 1, 10), ["0.5"]), "header"),
    "names and numbers": (written(FLOATS, ["x", "2021"]), "header"),
    "row numbers with a name": (
        pd.DataFrame(FLOATS, columns=["x", "y"]).rename_axis("id").to_csv(),
        "columns",
    ),
    "row numbers without a header": (written(FLOATS, index=True), "columns"),
    "row numbers out of order": (shuffled().to_csv(), "columns"),
    "numbers of rows, out of order": (shuffled().rename_axis("index").to_csv(), "columns"),
    "row numbers as decimals": (
        pd.DataFrame(FLOATS, columns=["x", "y"], index=np.arange(40.0)).to_csv(),
        "columns",
    ),
    "decimals for rows, out of order": (
        pd.DataFrame(
            FLOATS, columns=["x", "y"], index=RNG.permutation(40.0 + np.arange(40))
        ).to_csv(),
        "columns",
    ),
    "row numbers in the last column": (
        "x,y,\n" + written(np.column_stack([FLOATS, np.arange(40)])),
        "columns",
    ),
    "times in seconds": (
        written(np.column_stack([1.7e9 + 60.0 * np.arange(40), FLOATS]), ["t", "x", "y"]),
        "columns",
    ),
    "times beside row numbers": (
        pd.DataFrame({"t": 0.1 * np.arange(40), "x": FLOATS[:, 0]}).to_csv(),
        "columns",
    ),
    "times that run back, without names": (
        written(np.column_stack([FLOATS, -0.3 * np.arange(40)])),
        "columns",
    ),
    "decimal commas": (written(FLOATS[:, 0], decimal=",", quoting=3, sep="|"), "decimal"),
    "tenths": ("\n".join(f"{v:.1f}".replace(".", ",") for v in FLOATS[:, 0]), "decimal"),
    "below zero": ("-0,51\n2,77\n-1,25\n", "decimal"),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_what_may_be_read_in_two_ways_is_refused_with_the_option(case):
    text, option = DOUBTS[case]
    with pytest.raises(DataError, match=rf"t\.csv: .*reality\.{option}=") as refused:
        read_table(text, Reading(), "t.csv")
    assert "\n" not in str(refused.value)


DECIDED = [
    ("years over values", Reading(header="yes"), FLOATS),
    ("places and row numbers", Reading(header="yes"), FLOATS),
    ("row numbers with a name", Reading(columns=("x", "y")), FLOATS),
    ("row numbers with a name", Reading(columns=(3,)), FLOATS[:, 1:]),
    ("row numbers without a header", Reading(columns=(2, 3)), FLOATS),
    ("row numbers out of order", Reading(columns=("y", "x")), shuffled().to_numpy()[:, ::-1]),
    ("decimal commas", Reading(decimal=","), FLOATS[:, :1]),
    ("tenths", Reading(decimal=","), FLOATS[:, :1].round(1)),
    ("below zero", Reading(separator=","), [[0, 51], [2, 77], [-1, 25]]),
]


@pytest.mark.parametrize(
    "x",
    [
        np.linspace(0, 1, 50)[:, None],
        np.column_stack([np.ones(40), FLOATS[:, 0]]),
        np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), -1).reshape(-1, 2),
        np.column_stack([np.arange(9.0), FLOATS[:9, 0]]),
    ],
    ids=["one column", "a constant", "a grid", "few rows"],
)
def test_steps_that_say_nothing_are_read_without_a_question(x):
    np.testing.assert_array_equal(
        read_table(written(x, ["x", "y"][: x.shape[1]]), Reading(), "t").rows, x
    )


@pytest.mark.parametrize(("case", "how", "rows"), DECIDED)
def test_the_option_decides(case, how, rows):
    np.testing.assert_allclose(read_table(DOUBTS[case][0], how, "t.csv").rows, rows, atol=1e-9)


def test_a_first_row_of_numbers_may_be_kept():
    table = read_table(DOUBTS["years over values"][0], Reading(header="no"), "t.csv")
    np.testing.assert_array_equal(table.rows, np.vstack([[2020, 2021], FLOATS]))


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_read_where_they_are_named(separator, decimal):
    text = written(FLOATS, ["x", "y"], sep=separator, decimal=decimal)
    table = read_table(text, Reading(separator=separator, decimal=decimal), "t.csv")
    np.testing.assert_array_equal(table.rows, FLOATS)
    with pytest.raises(DataError):
        read_table(text, Reading(), "t.csv")


PLAIN = [
    "10,11\n12,13\n14,15\n16,17\n",
    "1,2\n3.5,-4e1\n",
    "100,200\n3,4\n5,600\n-200,9\n",
    "t,x\n0,0.5\n1,0.7\n2,0.1\n3,0.2\n",
    "3\n1\n2\n",
    "9.5\n1.5\n1.75\n1.25\n",
    "50.5,0.25\n" + "1.5,0.5\n2.5,0.25\n0.5,0.75\n" * 9,
    "x,label\n12,0\n40,7\n3,9\n",
]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_numbers_are_read_without_a_question(text):
    rows = [line.split(",") for line in text.split()]
    rows = rows[1:] if rows[0][0].isalpha() else rows
    np.testing.assert_array_equal(read_table(text, Reading(), "t").rows, np.array(rows, float))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x,y,z\n1,2\n3,4\n", "line 1 names 3 columns .* but the rows have 2"),
        ("x,y\nr1,1,2\nr2,3,4\n", "give those a name in line 1 too"),
        ("x\n1,5\n2,25\n", r"if commas are decimal points, set reality\.decimal=','"),
        ('x,y\n"1,5",2\n', r"column 1 is '1,5'.*or set reality\.decimal=','"),
        ("x;y\n1;2\n", r"column 1 is '1;2'.*reality\.separator=';'"),
        ("x\n1_000\n", "column 1 is '1_000'"),
        ("x\n١\n", "expected a finite number"),
        ('x\n"1\n2\n', "line 3: no table .*close its quotes"),
        ("x\n" + "1" * 200_000 + "a\n", "expected a finite number"),
        ("x\n1\0\n", r"column 1 is '1\\x00'"),
    ],
)
def test_lines_that_are_no_table_are_refused(text, says):
    with pytest.raises(DataError, match=says):
        read_table(text, Reading(), "t.csv")


def test_columns_that_are_not_there_are_refused():
    for wrong in (("z",), (0,), (3,), (1, "x"), ("1",)):
        with pytest.raises(DataError, match=r"column|name one twice"):
            read_table("x,y\n1,2\n", Reading(columns=wrong), "t.csv")


def test_how_a_table_is_read_is_part_of_its_identity(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(DOUBTS["row numbers with a name"][0])
    read = [
        TableFile(str(path), columns=("x", "y")),
        TableFile(str(path), columns=(2, 3)),
        TableFile(str(path), columns=("x",)),
        TableFile(str(path), columns=("id", "x", "y")),
    ]
    names = [str(r.identity()) for r in read]
    assert names[0] == names[1]
    assert len(set(names)) == 3
    assert list(read[3].identity()) == ["sha256"]
    # The same columns in another order are other rows.
    assert TableFile(str(path), columns=("id", "y", "x")).identity() != read[3].identity()
    assert (
        read[2].data_summary()
        == "40 rows of 1 column (x); line 1 read as header; 2 columns not asked for"
    )


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_tsv_has_tabs_between_its_cells(tmp_path, decimal):
    x = np.random.default_rng(0).normal(size=(20, 2))
    path = tmp_path / "t.TSV"
    pd.DataFrame(x, columns=["x", "y"]).to_csv(path, sep="\t", decimal=decimal, index=False)
    table = TableFile(str(path), decimal=decimal)
    rows = table.realise(1, np.random.default_rng(1)).x
    np.testing.assert_allclose(rows, x, rtol=1e-15)
    assert table.data_summary() == "20 rows of 2 columns (x, y); line 1 read as header"


def test_a_tsv_with_other_separators_says_so(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("x;y\n1;2\n3;4\n")
    with pytest.raises(DataError, match=r"separated by tabs \(or set reality\.separator=';'\)"):
        TableFile(str(path)).data_summary()
    assert "3 rows" not in TableFile(str(path), separator=";").data_summary()


def test_options_that_do_not_fit_are_refused(tmp_path):
    for options in (
        {"header": "maybe"},
        {"separator": ",", "decimal": ","},
        {"separator": "ab"},
        {"separator": "\n"},
        {"decimal": "x"},
    ):
        with pytest.raises(SpecError, match="table_file: "):
            TableFile("x.csv", **options)
    for options in ({"header": "yes"}, {"separator": ";"}, {"decimal": ","}):
        with pytest.raises(SpecError, match=r"for \.csv and \.tsv alone"):
            TableFile("x.npy", **options)


def test_an_array_is_asked_about_its_columns_too(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.column_stack([np.arange(40), FLOATS]))
    with pytest.raises(DataError, match=r"column 1 goes in equal steps.*reality\.columns="):
        TableFile(str(path)).data_summary()
    chosen, every = (TableFile(str(path), columns=c) for c in ((2, 3), (1, 2, 3)))
    np.testing.assert_array_equal(chosen.realise(1, np.random.default_rng(0)).x, FLOATS)
    assert chosen.data_summary() == "40 rows of 2 columns; 1 column not asked for"
    assert chosen.identity()["read_as"] == "columns 2, 3"
    assert list(every.identity()) == ["sha256"]
    with pytest.raises(DataError, match=r"column 4 was asked for; it has 3"):
        TableFile(str(path), columns=(4,)).data_summary()


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f8', 'shape': (3,",
        b"(" * 3000,
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
        b"\xff\xfe",
        b"",
    ],
)
def test_a_header_of_npy_that_is_not_closed_or_lies_is_one_line(tmp_path, header):
    path = tmp_path / "x.npy"
    content = header.ljust(len(header) + 64) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(content).to_bytes(2, "little") + content)
    with pytest.raises(DataError, match=r"not a plain \.npy array") as refused:
        TableFile(str(path)).realise(1, np.random.default_rng(0))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_that_only_rise_or_only_fall_are_asked_about(sign):
    gone = np.sort(np.random.default_rng(3).choice(1000, 40, replace=False))
    frame = pd.DataFrame({"sample": sign * gone, "x": FLOATS[:, 0]})
    text = frame.to_csv(index=False)
    with pytest.raises(
        DataError, match=r"column 1 \(sample\) only (rises|falls).*reality\.columns="
    ):
        read_table(text, Reading(), "t.csv")
    assert read_table(text, Reading(columns=("sample", "x")), "t.csv").rows.shape == (40, 2)
    frame["sample"] += np.where(np.arange(40) == 20, -sign * 1000, 0)
    assert read_table(frame.to_csv(index=False), Reading(), "t.csv").rows.shape == (40, 2)
    assert read_table(frame[["x"]].sort_values("x").to_csv(index=False), Reading(), "t").rows.size


@pytest.mark.parametrize("name", ["origin", "Synthetic", "generator"])
def test_a_column_of_who_made_the_rows_is_no_measurement(name):
    text = f"x,{name}\n1.5,0\n2.5,1\n"
    with pytest.raises(DataError, match=r"looks like who made the rows.*reality\.columns="):
        read_table(text, Reading(), "t.csv")
    np.testing.assert_array_equal(
        read_table(text, Reading(columns=("x",)), "t").rows, [[1.5], [2.5]]
    )
