"""Make a screenshot small: 256 well chosen colours are enough for letters and boxes."""

import base64
import struct
import zlib

from playwright.sync_api import Page

# The browser decodes the picture. The most frequent colours are kept, then those that are far from
# what is there already, so that a small green dot stays green; all others take the nearest.
COUNT_COLOURS = """async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const { width, height } = image;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const parts = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const colours = [...counts].sort((a, b) => b[1] - a[1]).map(([pixel, n]) => (
    { pixel, n, rgb: parts(pixel), far: Infinity, place: 0 }
  ));
  const palette = [];
  const take = (one) => {
    for (const each of colours) {
      const far = one.rgb.reduce((sum, value, at) => sum + (value - each.rgb[at]) ** 2, 0);
      if (far < each.far) [each.far, each.place] = [far, palette.length];
    }
    palette.push(one.rgb);
  };
  colours.slice(0, 64).forEach(take);
  while (palette.length < Math.min(256, colours.length)) {
    take(colours.reduce((a, b) => (b.far * Math.sqrt(b.n) > a.far * Math.sqrt(a.n) ? b : a)));
  }
  const nearest = new Map(colours.map(({ pixel, place }) => [pixel, place]));
  let places = "";
  for (const pixel of pixels) places += String.fromCharCode(nearest.get(pixel));
  return { width, height, palette: palette.flat(), places: btoa(places) };
}"""


def shrink(blank: Page, png: bytes) -> bytes:
    """The same picture as a PNG with a palette; `blank` is a page that shows nothing."""
    result = blank.evaluate(COUNT_COLOURS, base64.b64encode(png).decode())
    width, height = result["width"], result["height"]
    places = base64.b64decode(result["places"])
    lines = b"".join(b"\0" + places[at : at + width] for at in range(0, len(places), width))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(result["palette"])),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
