"""What every figure has in common: its bytes, its fonts, its colours, and that half a file is never
seen.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pypdf
import pytest
from matplotlib.figure import Figure
from PIL import Image

from eigenscape.architecture import Architecture
from eigenscape.errors import BadInput
from eigenscape.figures.active_subspace.condition_number import condition_number_figure
from eigenscape.figures.active_subspace.eigenvalues import eigenvalues_figure
from eigenscape.figures.active_subspace.eigenvectors import eigenvectors_figure
from eigenscape.figures.active_subspace.layer_importance import layer_importance_figure
from eigenscape.figures.active_subspace.parameter_count import parameter_count_figure
from eigenscape.figures.style import (
    COLORMAP,
    DOTS_PER_INCH,
    PALETTE,
    paper_style,
    round_levels,
    save,
)

NETWORK = Architecture(depth=3, width=6)
NAMES = ["eigenvalues", "eigenvectors", "condition_number", "parameter_count", "layer_importance"]


@pytest.fixture
def draw(spectrum, table):
    """Makes the figure of a name from the same input each time."""

    def draw(name: str) -> Figure:
        found = spectrum(NETWORK)
        cells = table(list(range(1, 9)), [5, 10, 15])
        cells.loc[0, ["status", "log10_cond"]] = ["rank_deficient", np.inf]
        return {
            "eigenvalues": lambda: eigenvalues_figure(found, NETWORK, 4 * NETWORK.parameters),
            "eigenvectors": lambda: eigenvectors_figure(found, NETWORK),
            "condition_number": lambda: condition_number_figure(cells),
            "parameter_count": lambda: parameter_count_figure(cells),
            "layer_importance": lambda: layer_importance_figure(found.diagonal, NETWORK),
        }[name]()

    return draw


@pytest.mark.parametrize("name", NAMES)
def test_drawn_twice_the_files_have_the_same_bytes(name: str, draw, tmp_path: Path) -> None:
    figure = draw(name)
    first = save(figure, tmp_path / "first", name)
    again = save(figure, tmp_path / "again", name)
    second = save(draw(name), tmp_path / "second", name)

    assert [path.name for path in first] == [f"{name}.pdf", f"{name}.png"]
    for one, two, three in zip(first, again, second, strict=True):
        assert one.read_bytes() == two.read_bytes() == three.read_bytes()


SCRIPT = """
import hashlib, sys
import pandas as pd
from eigenscape.figures.active_subspace.condition_number import condition_number_figure
from eigenscape.figures.style import save
rows = [
    {"depth": depth, "width": width, "parameters": depth * width**2, \
"log10_cond": 0.1 * depth * width,
     "status": ["finite", "below_floor"][depth == 3]}
    for depth in range(1, 6) for width in (5, 10)
]
for path in save(condition_number_figure(pd.DataFrame(rows)), sys.argv[1], "map"):
    print(hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_separate_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """With different hash seeds, hence different orders of sets, and with a user's own
    matplotlibrc.
    """
    (tmp_path / "matplotlibrc").write_text("font.size: 20\npdf.fonttype: 3\nlines.linewidth: 9\n")
    printed = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / seed)],
            env={
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": ":".join(sys.path),
                "HOME": str(tmp_path),
                **extra,
            },
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, extra in (("1", {}), ("2", {"MATPLOTLIBRC": str(tmp_path)}))
    ]

    assert printed[0] == printed[1]
    assert len(printed[0].split()) == 2


@pytest.mark.parametrize("name", NAMES)
def test_pdf_embeds_its_fonts_and_says_neither_when_nor_by_whom(
    name: str, draw, tmp_path: Path
) -> None:
    pdf = pypdf.PdfReader(save(draw(name), tmp_path, name)[0])

    fonts = [font.get_object() for font in pdf.pages[0]["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        for descendant in font.get("/DescendantFonts", [font]):
            assert font["/Subtype"] in ("/TrueType", "/Type0")
            assert "/FontFile2" in descendant.get_object()["/FontDescriptor"]
    assert not pdf.metadata


@pytest.mark.parametrize("name", NAMES)
def test_png_is_fine_enough_and_fits_a_page(name: str, draw, tmp_path: Path) -> None:
    figure = draw(name)
    with Image.open(save(figure, tmp_path, name)[1]) as image:
        assert image.width == pytest.approx(figure.get_figwidth() * DOTS_PER_INCH, abs=1)
        assert "Software" not in image.info
    assert DOTS_PER_INCH >= 200
    assert figure.get_figwidth() <= 7.2
    assert figure.get_figheight() <= 9


@pytest.mark.parametrize("name", NAMES)
def test_every_axis_is_labelled_and_no_texts_overlap(name: str, draw, overlaps) -> None:
    figure = draw(name)

    assert overlaps(figure) == []
    for axes in figure.axes:
        label = axes.get_ylabel()
        assert label, name
        # A colour bar has one axis; a panel that shares its x axis with the one below leaves the
        # label to it.
        if axes.get_label() != "<colorbar>" and not (
            name == "eigenvectors" and axes is figure.axes[0]
        ):
            assert axes.get_xlabel()


def test_a_failed_write_leaves_the_old_file_and_no_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(Figure(figsize=(1, 1)), tmp_path, "figure")
    before = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()
    }

    def half_written(self: Figure, path: Path, **options: object) -> None:
        path.write_bytes(b"%PDF-half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", half_written)
    with pytest.raises(OSError, match="disk full"):
        save(Figure(figsize=(2, 2)), tmp_path, "figure")

    assert {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()
    } == before


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden"])
def test_a_name_that_is_no_file_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="name: expected"):
        save(Figure(), tmp_path, name)
    assert not list(tmp_path.iterdir())


def test_the_style_is_gone_after_use() -> None:
    before = dict(matplotlib.rcParams)
    with paper_style():
        assert matplotlib.rcParams["pdf.fonttype"] == 42
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_never_imported() -> None:
    script = (
        "import sys, eigenscape.figures; print([m for m in ('matplotlib.pyplot', 'torch', 'zarr')"
        " if m in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    ).stdout

    assert printed.strip() == "[]"


def lightness(colours: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB colours (n, 3): what an eye, or a grey print, sees as light or dark."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)


def test_colour_map_grows_lighter_in_equal_steps() -> None:
    steps = np.diff(lightness(matplotlib.colormaps[COLORMAP](np.linspace(0, 1, 65))[:, :3]))

    assert np.all(steps > 0)
    assert steps.max() < 2 * steps.min()


def test_colours_of_lines_differ_in_lightness_or_hue_for_a_deuteranope() -> None:
    """Machado, Oliveira and Fernandes 2009, severity 1: no two colours of the palette fall
    together.
    """
    deuteranope = np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    )
    seen = (
        np.array([matplotlib.colors.to_rgb(colour) for colour in PALETTE.values()]) @ deuteranope.T
    )
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=2)[np.triu_indices(len(seen), 1)]

    assert distances.min() > 0.15


@pytest.mark.parametrize(("low", "high"), [(16, 74101), (16, 61), (3, 3), (0.02, 0.9), (9.9, 10.1)])
def test_round_levels_lie_strictly_between(low: float, high: float) -> None:
    levels = round_levels(low, high)

    assert all(low < level < high for level in levels)
    assert len(levels) <= 7
