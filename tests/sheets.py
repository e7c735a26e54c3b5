"""Sheets of phone pages: what is cut at a side while somebody taps through them."""

from playwright.sync_api import Page

# A page whose sheet is too wide does not scroll sideways: its right part is cut. Rows of reasons
# scroll within themselves, so of these only the row counts.
CUT = """(width) => {
  const parts = [...document.querySelectorAll('.phone-sheet, .phone-sheet *')]
    .filter((part) => part.checkVisibility());
  const scrolls = (part) => ['auto', 'scroll'].includes(getComputedStyle(part).overflowX);
  const sheets = [...document.querySelectorAll('.phone-sheet')];
  const rows = parts.filter((part) => scrolls(part) && !sheets.includes(part));
  return parts
    .filter((part) => !rows.some((row) => row !== part && row.contains(part)))
    .filter((part) => {
      const {left, right, width: own} = part.getBoundingClientRect();
      return own > 1 && (left < 0 || right > width);
    })
    .map((part) => `${part.localName}.${part.className}`);
}"""
# Reasons and times belong to the verdict that was tapped last: they are tapped before the next.
MARK_NEXT = """() => {
  document.querySelector('[data-tap=next]')?.setAttribute('data-tap', 'done');
  const all = [...document.querySelectorAll(
      '.phone-sheet label:has([type=radio], [type=checkbox]), .phone-sheet summary')]
    .filter((part) => part.checkVisibility() && !part.dataset.tap);
  const next = all.find((part) => !part.querySelector('.verdict-box')) ?? all[0];
  next?.setAttribute('data-tap', 'next');
  return next?.innerText.replace(/\\s+/g, ' ') ?? null;
}"""


def taps_that_cut(page: Page) -> tuple[list[str], dict[str, list[str]]]:
    """Tap everything in the sheet that can be chosen or unfolded, one after the other. Return what
    was tapped, and after which of it which parts were cut.
    """
    width = page.viewport_size["width"]
    tapped, cut = [], {"": page.evaluate(CUT, width)}
    while (name := page.evaluate(MARK_NEXT)) is not None:
        page.locator("[data-tap=next]").tap()
        tapped.append(name)
        cut[name] = page.evaluate(CUT, width)
    return tapped, {name: parts for name, parts in cut.items() if parts}
