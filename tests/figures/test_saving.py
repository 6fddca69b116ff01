import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from review.errors import InvalidDataError
from review.figures import FigureFormat, Forest, ForestRow, forest_plot, render, save
from review.figures.style import own_settings
from tests.figures.artists import picture


def plot() -> Forest:
    return Forest(
        "Depression: τ² and −",
        (ForestRow("Clarke (2002)", 0.11, -0.21, 0.43, 60.0), ForestRow("B", 9.0, 0.1, 99.0, 40.0)),
        margin=0.5,
    )


@pytest.mark.parametrize("file_format", list(FigureFormat))
def test_the_same_input_gives_the_same_bytes(file_format: FigureFormat) -> None:
    figure = forest_plot(plot())
    first = render(figure, file_format)
    assert render(figure, file_format) == first, "saved twice"
    assert render(forest_plot(plot()), file_format) == first, "drawn twice"


def test_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys; from review.figures import *\n"
        "from tests.figures.test_saving import plot\n"
        "for f in FigureFormat: save(forest_plot(plot()), f'{sys.argv[1]}/figure.{f}')"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "7", "HOME": str(tmp_path), "SOURCE_DATE_EPOCH": "86400"},
    )
    for file_format in FigureFormat:
        written = (tmp_path / f"figure.{file_format}").read_bytes()
        assert written == render(forest_plot(plot()), file_format), file_format


def test_png_has_300_dots_an_inch(tmp_path: Path) -> None:
    figure = forest_plot(plot())
    content = save(figure, tmp_path / "f.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == tuple(int(300 * x) for x in figure.get_size_inches())
    at = content.index(b"pHYs")
    per_metre = struct.unpack(">I", content[at + 4 : at + 8])[0]
    assert per_metre == pytest.approx(300 / 0.0254, abs=1)


def test_a_png_has_one_byte_a_pixel_and_no_colour_that_anybody_sees_change() -> None:
    figure = forest_plot(plot())
    exact = picture(figure, 300)
    content = render(figure, FigureFormat.PNG)
    image = Image.open(BytesIO(content))
    assert image.mode == "P"
    shown = np.asarray(image.convert("RGB"), dtype=int)
    assert np.abs(shown - exact).max() <= 8
    assert (shown[0, 0] == 255).all()
    whole = BytesIO()
    Image.fromarray(exact.astype(np.uint8)).save(whole, "PNG")
    assert len(content) < 0.6 * len(whole.getvalue())


def test_a_picture_of_more_colours_than_a_palette_has_keeps_them() -> None:
    figure = Figure(figsize=(4, 4))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(np.stack(np.meshgrid(*[np.linspace(0, 1, 9)] * 3), axis=-1).reshape(27, 27, 3))
    with own_settings():
        drawn = BytesIO()
        figure.savefig(drawn, format="png", dpi=100, facecolor="white")
    image = Image.open(BytesIO(render(figure, FigureFormat.PNG, dpi=100)))
    assert image.mode == "RGB"
    assert (np.asarray(image) == np.asarray(Image.open(drawn).convert("RGB"))).all()


def test_pdf_embeds_its_fonts_as_truetype(tmp_path: Path) -> None:
    content = save(forest_plot(plot()), tmp_path / "f.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert b"CreationDate" not in content


def test_the_text_of_a_pdf_can_be_read(tmp_path: Path) -> None:
    from pypdf import PdfReader

    page = PdfReader(save(forest_plot(plot()), tmp_path / "f.pdf")).pages[0]
    assert "Depression: τ² and −" in page.extract_text()


def test_svg_needs_no_font() -> None:
    content = render(forest_plot(plot()), FigureFormat.SVG).decode()
    assert "<text" not in content
    assert "dc:date" not in content
    assert 'id="square-0"' in content


def test_the_suffix_chooses_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    figure = forest_plot(plot())
    assert save(figure, tmp_path / "f.SVG").read_bytes().startswith(b"<?xml")
    with pytest.raises(InvalidDataError, match=r"\.svg, \.png, \.pdf"):
        save(figure, tmp_path / "f.jpg")
    assert not (tmp_path / "f.jpg").exists()


def test_importing_figures_does_not_import_matplotlib() -> None:
    program = "import review.figures, sys; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
