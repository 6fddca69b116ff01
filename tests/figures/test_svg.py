"""Figures as SVG: letters stand once, and two figures can stand in one page."""

import re
from io import BytesIO
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from review.figures import Forest, ForestRow, forest_plot, render
from review.figures.paper import Paper, on_paper
from review.figures.saving import FigureFormat
from review.figures.style import font, own_settings
from tests.figures.test_saving import plot

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"


def written(figure: Figure) -> str:
    return render(figure, FigureFormat.SVG).decode()


def words(*texts: str) -> Figure:
    figure = Figure(figsize=(3, 2))
    for place, text in enumerate(texts):
        figure.text(0.1, 0.2 + 0.2 * place, text, fontproperties=font(8.0, text=text))
    return figure


def test_every_letter_and_sign_that_is_used_is_defined_once() -> None:
    root = ElementTree.fromstring(written(forest_plot(plot())))
    named = [part.get("id") for defs in root.iter(f"{SVG}defs") for part in defs.iter(f"{SVG}path")]
    defined = [name for name in named if name]
    used = [use.get(LINK, "")[1:] for use in root.iter(f"{SVG}use")]
    assert len(defined) == len(set(defined))
    assert set(used) == set(defined)
    assert len(used) > 2 * len(defined)


def test_a_letter_has_the_same_name_in_every_figure_and_no_two_letters_one() -> None:
    outlines: dict[str, str] = {}
    other = Forest("Other title, 47 %", (ForestRow("Zhou", 0.2, 0.1, 0.3, 1.0),))
    for figure in (forest_plot(plot()), forest_plot(other), words("Ж τ² ≤")):
        for name, outline in re.findall(r'<path id="(g[0-9a-f]+)" d="([^"]+)"', written(figure)):
            assert outlines.setdefault(name, outline) == outline
    assert len(outlines) > 40


def test_letters_of_two_files_of_one_family_are_told_apart() -> None:
    mixed = written(words("abc \u2212 12", "მაგალითი"))
    alone = written(words("მაგალითი"))
    letters = re.findall(r'd="([^"]+)"', "".join(re.findall(r"<defs><path.*?</defs>", alone)))
    assert len(letters) > 4
    assert all(f'd="{letter}"' in mixed for letter in letters)


def test_it_is_a_quarter_shorter_than_matplotlibs() -> None:
    figure = forest_plot(plot())
    held = BytesIO()
    with own_settings():
        figure.savefig(held, format="svg", metadata={"Date": None})
    assert len(written(figure)) < 0.75 * len(held.getvalue())


def test_what_is_drawn_alone_bears_its_name_and_discs_are_circles() -> None:
    figure = Figure(figsize=(3, 2))
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.plot([0.5], [0.5], marker="o", ls="none", ms=7, mew=0, gid="dot")
    axes.plot([0, 1], [0, 1], gid="line")
    axes.plot([0.1, 0.2], [0.5, 0.5], marker="o", ls="none", ms=7, mew=0, gid="two")
    root = ElementTree.fromstring(written(figure))
    by_name = {part.get("id"): part for part in root.iter() if part.get("id")}
    assert (by_name["dot"].tag, by_name["dot"].get("r")) == (f"{SVG}circle", "3.5")
    assert by_name["line"].tag == f"{SVG}path"
    assert [part.tag for part in by_name["two"]] == [f"{SVG}circle"] * 2
    styles = "".join(part.text or "" for part in root.iter(f"{SVG}style"))
    for part in root.iter():
        if name := part.get("class"):
            assert f".{name}{{" in styles


def test_text_stays_text_where_it_is_asked_for() -> None:
    with on_paper(Paper(editable=True)):
        content = written(words("Müller & Söhne <1>"))
    assert "<text" in content
    assert "Müller &amp; Söhne &lt;1&gt;" in content


@pytest.mark.parametrize("text", ["a--b", "<b>&amp;", "-->", "\u2212"])
def test_any_text_is_written_as_xml(text: str) -> None:
    ElementTree.fromstring(written(words(text)))
