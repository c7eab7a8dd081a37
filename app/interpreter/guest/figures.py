"""Figures and images that code shows: each becomes a PNG in a folder that the server reads."""

import dataclasses
import importlib
import importlib.util
import io
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Families that people name for Korean text on their own machines, and that are not here.
_KOREAN_FAMILIES = (
    *("Malgun Gothic", "AppleGothic", "Apple SD Gothic Neo", "NanumBarunGothic", "NanumSquare"),
    *("Nanum Gothic", "Noto Sans KR", "Noto Sans CJK KR", "Gulim", "Dotum", "Batang"),
)
_FAMILY = "NanumGothic"
# The second has the signs that the first lacks.
_FAMILIES = (_FAMILY, "DejaVu Sans")
_DOTS_PER_INCH = 110
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


class Figures:
    """Saves what is shown, and tells `announce` the file's name."""

    def __init__(self, folder: Path, announce: Callable[[str], None]) -> None:
        self._folder = folder
        self._announce = announce
        self._count = 0

    def install(self) -> None:
        """Make the libraries' own ways of showing something lead here."""
        pyplot = importlib.import_module("matplotlib.pyplot")
        vars(pyplot)["show"] = lambda *_arguments, **_named: self.show_open()
        figure = importlib.import_module("matplotlib.figure")
        figure.Figure.show = self._method()
        image = importlib.import_module("PIL.Image")
        image.Image.show = self._method()

    def _method(self) -> Callable[..., None]:
        def show(shown: Any, *_arguments: Any, **_named: Any) -> None:
            self.show(shown)

        return show

    def show_open(self) -> None:
        """Show the figures that are open, and close them."""
        pyplot = sys.modules["matplotlib.pyplot"]
        for number in pyplot.get_fignums():
            self.show(pyplot.figure(number))

    def close_open(self) -> None:
        """Close the figures without showing them."""
        sys.modules["matplotlib.pyplot"].close("all")

    def show(self, value: Any) -> bool:
        """Show the value and return True if it is a figure or an image; else return False."""
        if isinstance(value, sys.modules["matplotlib.figure"].Figure):
            # Closed even if it can't be drawn: otherwise, each later call would fail as well.
            try:
                self._save(lambda file: value.savefig(file, format="png", bbox_inches="tight"))
            finally:
                sys.modules["matplotlib.pyplot"].close(value)
            return True
        if isinstance(value, sys.modules["PIL.Image"].Image):
            self._save(lambda file: _drawable(value).save(file, format="png"))
            return True
        return False

    def _save(self, save: Callable[[Any], object]) -> None:
        self._count += 1
        name = f"{self._count}.png"
        with (self._folder / name).open("wb") as file:
            save(file)
        self._announce(name)


def _drawable(image: Any) -> Any:
    """Return the image in a mode that PNG has."""
    if image.mode in _PNG_MODES:
        return image
    return image.convert("RGBA" if image.mode in ("PA", "La", "RGBa") else "RGB")


def set_up_matplotlib() -> None:
    """Make Korean text appear in every chart, whatever font family code asks for."""
    matplotlib = importlib.import_module("matplotlib")
    # It repeats for each letter that a font that code names is not there; another one is used.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.CRITICAL)
    manager = importlib.import_module("matplotlib.font_manager").fontManager
    for path in _font_files():
        manager.addfont(path)
    found = [entry for entry in manager.ttflist if entry.name == _FAMILY]
    for family in _KOREAN_FAMILIES:
        manager.ttflist += [_renamed(entry, family) for entry in found]
    _fall_back(manager)
    matplotlib.rcParams.update(
        {
            "font.family": [*_FAMILIES],
            "font.sans-serif": [_FAMILY, *matplotlib.rcParams["font.sans-serif"]],
            # Only DejaVu Sans has the typographic minus.
            "axes.unicode_minus": False,
            "figure.dpi": _DOTS_PER_INCH,
            "figure.max_open_warning": 0,
        }
    )


def draw_once() -> None:
    """Draw a chart for nobody: what matplotlib imports and computes for its first one is kept."""
    figure = importlib.import_module("matplotlib.figure").Figure()
    axes = figure.add_subplot(title="가")
    axes.plot([1, 2], label="a")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")


def _font_files() -> Iterator[str]:
    # Not imported: it would import matplotlib and change its settings.
    package = importlib.util.find_spec("koreanize_matplotlib")
    for place in (package and package.submodule_search_locations) or ():
        yield from sorted(map(str, Path(place, "fonts").glob("*.ttf")))


def _renamed(entry: Any, family: str) -> Any:
    return dataclasses.replace(entry, name=family)


def _fall_back(manager: Any) -> None:
    """Let letters come from these fonts if the ones that code names lack them."""
    name = "_find_fonts_by_props"
    original = getattr(manager, name, None)
    if original is None:  # not a public function: without it, the defaults still apply
        return

    def found(*arguments: Any, **named: Any) -> list[Any]:
        paths: list[Any] = original(*arguments, **named)
        ours = [manager.findfont(family) for family in _FAMILIES]
        return [*paths, *(path for path in ours if path not in paths)]

    setattr(manager, name, found)
