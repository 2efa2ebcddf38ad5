#!/usr/bin/env python3
"""Writes resources/colormaps/*.csv: 256 lines of red,green,blue (0 to 255) a map.

viridis, magma, inferno and plasma were released as CC0 by Nathaniel J. Smith and Stefan van der Walt
(github.com/BIDS/colormap), cividis by Nunez, Anderton and Renslow (PLoS ONE 13(7), e0199239, 2018), free of copyright; the
numbers are taken from Matplotlib, which carries the same tables. Greys, blues and diverging are our own, computed here in
Oklab (Ottosson 2020) so that lightness changes evenly.

    python3 -m venv venv && venv/bin/pip install matplotlib && venv/bin/python resources/make_colormaps.py
"""
import math
import pathlib

FOLDER = pathlib.Path(__file__).parent / "colormaps"


def from_linear(value):
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def to_linear(value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def oklab(rgb):
    r, g, b = (to_linear(c / 255) for c in rgb)
    l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s)


def rgb(lab):
    lightness, a, b = lab
    l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
              -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
              -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
    assert all(-0.002 < c < 1.002 for c in linear), ("outside sRGB", lab, linear)
    return tuple(round(255 * from_linear(min(1.0, max(0.0, c)))) for c in linear)


def mix(first, second, share):
    return tuple(p + (q - p) * share for p, q in zip(first, second))


def greys():
    return [rgb((0.985 + (0.16 - 0.985) * i / 255, 0.0, 0.0)) for i in range(256)]


def blues():
    entries = []
    for i in range(256):
        t = i / 255
        chroma = 0.008 + 0.132 * math.sin(math.pi * min(1.0, 0.88 * t)) ** 0.9
        hue = math.radians(238 + 22 * t)
        entries.append(rgb((0.975 + (0.27 - 0.975) * t, chroma * math.cos(hue), chroma * math.sin(hue))))
    return entries


def diverging():
    # Entry 128 is the neutral colour itself, so that a difference of zero, at the middle, is exactly neutral.
    low, middle, high = (oklab(c) for c in ((0x00, 0x48, 0x91), (0xF4, 0xF4, 0xF5), (0x84, 0x22, 0x12)))
    return [rgb(mix(low, middle, i / 128) if i <= 128 else mix(middle, high, (i - 128) / 127)) for i in range(256)]


def write(name, entries, origin):
    assert len(entries) == 256
    lines = [f"# {name}: {origin}"] + [",".join(map(str, entry)) for entry in entries]
    (FOLDER / f"{name}.csv").write_text("\n".join(lines) + "\n")


def main():
    import matplotlib

    FOLDER.mkdir(exist_ok=True)
    for name in ("viridis", "magma", "inferno", "plasma", "cividis"):
        origin = ("Nunez, Anderton and Renslow 2018, free of copyright" if name == "cividis"
                  else "Smith and van der Walt 2015, CC0 (BIDS/colormap)")
        table = matplotlib.colormaps[name].colors
        write(name, [tuple(round(255 * c) for c in entry) for entry in table], origin)
    for name, make in (("greys", greys), ("blues", blues), ("diverging", diverging)):
        write(name, make(), "Attention Viz, even in Oklab lightness")


if __name__ == "__main__":
    main()
