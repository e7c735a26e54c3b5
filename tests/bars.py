"""The bars of the design, measured on an open page: axe, thumb-sized targets, words that are cut,
sideways scroll.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import PHONE, PHONE_UP_TO, WIDE

GROUND = "getComputedStyle(document.body).backgroundColor"
AXE = f"""{Axe().axe_script};
axe.configure({{rules: [{{id: 'color-contrast', selector: '[data-look]'}}]}});"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """([where, options]) => axe.run(where || document, options)
  .then((found) => found.violations)"""
# Half of what axe costs are contrasts, and most pieces look like many others: of those with the
# same place among classes, colour, letters and ground, one is marked to be looked at. Where all but
# the colours was looked at before, places do not count, and what is shown for the first time is
# marked, too.
MARK_LOOKS = """(onlyNew) => {
  window.tagoutShown ??= new WeakSet();
  const places = new Map(), grounds = new Map(), looks = new Set();
  const place = (e) => e ? (places.get(e) ?? (places.set(e,
    `${place(e.parentElement)}>${e.nodeName}.${e.getAttribute('class')}`), places.get(e))) : '';
  const ground = (e) => e ? (grounds.get(e) ?? (grounds.set(e, own(e) || ground(e.parentElement)),
    grounds.get(e))) : '';
  const own = (e) => {
    const { backgroundColor, backgroundImage } = getComputedStyle(e);
    const clear = backgroundColor === 'rgba(0, 0, 0, 0)' && backgroundImage === 'none';
    return clear ? '' : backgroundColor + backgroundImage;
  };
  const isOff = (e) => Boolean(e.closest('label')?.control?.disabled)
    || e.closest(':disabled, [aria-disabled=true]') !== null;
  const hasText = (e) => e.matches('input, select, textarea')
    || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  for (const e of document.querySelectorAll('*')) {
    e.removeAttribute('data-look');
    if (!e.checkVisibility({visibilityProperty: true})) continue;
    const isNew = !window.tagoutShown.has(e);
    window.tagoutShown.add(e);
    const { color, fontSize, fontWeight, opacity } = getComputedStyle(e);
    const look = [onlyNew || place(e), ground(e), color, fontSize, fontWeight, opacity, isOff(e)];
    if (!hasText(e) && !(onlyNew && isNew)) continue;
    if (onlyNew && isNew || !looks.has(look.join())) e.setAttribute('data-look', '');
    looks.add(look.join());
  }
}"""
# A piece may inherit a colour that is still on its way: only some looks without any are calm. Not
# by frames, of which a page behind another gets none; what never arrives is looked at as it is.
COLOURS_ARRIVED = """async () => {
  const moving = () => document.getAnimations().some((each) => each instanceof CSSTransition);
  for (let calm = 0, looks = 0; calm < 3 && looks < 60; looks++, calm = moving() ? 0 : calm + 1)
    await new Promise((go) => setTimeout(go, 16));
}"""


def axe_findings(
    page: Page, *, of: tuple[str, list[str]] = ("tag", TAGS), only_new: bool = False
) -> list[str]:
    """What axe holds against the page (WCAG 2.0–2.2 A and AA, best practice), a line each.

    `only_new`: of what the page showed when axe looked at it before, it looks at colours alone.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    page.evaluate(MARK_LOOKS, only_new)
    kind, values = of
    options = {
        "runOnly": {"type": kind, "values": values},
        "resultTypes": ["violations"],
        # axe would read the style sheets anew, only to see that no page turns with the phone.
        "preload": False,
    }
    findings = page.evaluate(RUN_AXE, ["[data-look]" if only_new else "", options])
    return [
        f"{rule['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
        for rule in findings
        for node in rule["nodes"]
    ]


def settle(page: Page) -> None:
    """Wait until letters are there and what depends on sizes was laid out anew."""
    page.evaluate(
        "() => document.fonts.ready.then(() => new Promise(done =>"
        " requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))))"
    )


HAS_HEADING = "[...document.querySelectorAll('h1')].some((e) => e.checkVisibility())"
# Parts of a page fetch themselves once it is there: nothing is on its way, twice in a row.
CALM = """async () => {
  const done = () => performance.getEntriesByType('resource').length;
  for (let before = -1, looks = 0; looks < 200; looks++) {
    const now = document.querySelector('.htmx-request') ? -1 : done();
    if (now >= 0 && now === before) return true;
    before = now;
    await new Promise((go) => setTimeout(go, 50));
  }
  return false;
}"""


def calm_down(page: Page) -> None:
    """Wait until a page has fetched all its parts."""
    assert page.evaluate(CALM), "The page never came to rest."


def darken(page: Page) -> None:
    """Show a light page dark, and wait until its colours have changed."""
    light = page.evaluate(GROUND)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).not_to_have_css("background-color", light)
    page.evaluate(COLOURS_ARRIVED)


def axe_findings_in_both_themes(page: Page) -> list[str]:
    """What axe holds against the page, light and dark, from one visit. Leaves the page dark.

    In the dark it looks at colours, and at what the light page does not show.
    """
    faults = [f"light: {finding}" for finding in axe_findings(page)]
    darken(page)
    return faults + [f"dark: {finding}" for finding in axe_findings(page, only_new=True)]


def bar_faults(page: Page) -> list[str]:
    """What keeps an open page from the bars of the design: axe light and dark, sideways scroll,
    thumb-sized targets, letters of 200 %. Leaves the page dark and with large letters.
    """
    return axe_findings_in_both_themes(page) + size_faults(page)


def size_faults(page: Page) -> list[str]:
    """The bars that depend on the size of window and letters. Leaves the letters large."""
    phone = page.viewport_size["width"] < PHONE_UP_TO
    faults = [] if page.evaluate(HAS_HEADING) else ["no heading"]
    if phone:
        faults += [f"small target: {target}" for target in small_targets(page)]
        page.set_viewport_size({"width": 320, "height": PHONE[1]})
    faults += [f"{sideways(page)} px of sideways scroll"] if sideways(page) else []
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    settle(page)
    faults += [f"cut at 200 %: {words}" for words in cut_words(page)]
    if phone:
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    faults += [f"{sideways(page)} px of sideways scroll at 200 %"] if sideways(page) else []
    return faults


def bar_faults_everywhere(page: Page) -> list[str]:
    """What keeps a page that stands open and light at a desk from the bars, there and dark on a
    phone, from one visit. Leaves the page as `bar_faults` does.

    Light on a phone and dark at a desk differ from these in nothing but the colours of pieces that
    one of the two does not show: the gallery has every piece in all four (`bar_faults_in_all`). On
    the phone axe looks at all colours, and at the rest of what the desk does not show.
    """
    faults = axe_findings(page) + size_faults(page)
    faults = [f"desk: {fault}" for fault in faults]
    with on_a_phone(page):
        darken(page)
        found = axe_findings(page, only_new=True) + size_faults(page)
        faults += [f"phone: {fault}" for fault in found]
    return faults


def bar_faults_in_all(page: Page) -> list[str]:
    """The same, at the desk and on the phone both light and dark."""
    faults = [f"desk: {fault}" for fault in bar_faults(page)]
    with on_a_phone(page):
        faults += [f"phone: {fault}" for fault in bar_faults(page)]
    return faults


@contextmanager
def on_a_phone(page: Page) -> Iterator[None]:
    """Have the page be shown by a phone: narrow, touched, light, with letters of their own size."""
    thumbs = page.context.new_cdp_session(page)
    thumbs.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.emulate_media(color_scheme="light")
    page.evaluate("document.documentElement.style.fontSize = ''")
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    settle(page)
    page.evaluate(COLOURS_ARRIVED)
    yield
    thumbs.detach()


def bar_faults_of_each(page: Page, *paths: str) -> list[str]:
    """The same of pages that one person reads one after the other: a tab of its own, and a world
    of its own, cost each as much as the look at it.
    """
    faults = []
    for path in paths:
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.emulate_media(color_scheme="light")
        page.goto(path)
        faults += [f"{path}: {fault}" for fault in bar_faults_everywhere(page)]
    return faults


def sideways(page: Page) -> int:
    """How many pixels the page, or on a phone what scrolls between its bars, scrolls sideways; 0 is
    right.
    """
    return page.evaluate(
        """() => Math.max(...[document.documentElement, ...document.querySelectorAll(
          '.main, .phone-facts, .phone-sheet')].map((e) => e.scrollWidth - e.clientWidth))"""
    )


def small_targets(page: Page, least: int = 44) -> list[str]:
    """What can be pressed but is smaller than a thumb; links inside a sentence are exempt.

    A link that is stretched over its row or list item counts as large as that.
    """
    return page.evaluate(
        """(least) => {
          const field = (e) => e.closest('label') ?? e;
          const stretched = (e) => getComputedStyle(e, '::after').position === 'absolute';
          const size = (e) => (stretched(e) ? e.closest('tr, li') ?? e : field(e));
          const kinds = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
          return [...document.querySelectorAll(kinds)]
            .filter((e) => e.checkVisibility({visibilityProperty: true}))
            .filter((e) => !e.closest('p, .skip, .note, dd, .timeline-item'))
            .map((e) => [e, size(e).getBoundingClientRect()])
            .filter(([, box]) => box.width > 0)
            .filter(([, box]) => Math.min(box.width, box.height) < least - 0.5)
            .map(([e, box]) => `${Math.round(box.width)}x${Math.round(box.height)} `
              + e.outerHTML.slice(0, 120));
        }""",
        least,
    )


def cut_words(page: Page) -> list[str]:
    """Elements whose words are cut off by their own box."""
    return page.evaluate(
        """() => [...document.querySelectorAll('main *, header *, nav *')]
          .filter((e) => e.checkVisibility({visibilityProperty: true}))
          .filter((e) => !e.closest('.hear-only, .scroll, .tabs, .picks, svg'))
          .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
          .filter((e) => {
            const style = getComputedStyle(e);
            const clips = style.overflowX !== 'visible' || style.overflowY !== 'visible';
            const over = Math.max(e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight);
            return clips && over > 1;
          })
          .map((e) => e.outerHTML.slice(0, 140))"""
    )


def right_margin(page: Page) -> float:
    """Return how far the widest card or field of a page stays away from the right of the window."""
    right = """all => Math.max(...all.map((part) => part.getBoundingClientRect().right))"""
    widest: float = page.locator("main :is(.card, .input)").evaluate_all(right)
    assert page.viewport_size
    return page.viewport_size["width"] - widest
