"""The scripts of a page do not lay it out before the browser does: phones would do it twice."""

import pytest

pytestmark = pytest.mark.browser

WATCH = """
window.sizesAsked = [];
const watch = (name) => {
  const { get, set } = Object.getOwnPropertyDescriptor(Element.prototype, name);
  Object.defineProperty(Element.prototype, name, {
    get() { if (!window.isDrawn) window.sizesAsked.push(name); return get.call(this); },
    set,
  });
};
["scrollTop", "scrollHeight", "clientHeight", "clientWidth"].forEach(watch);
const box = Element.prototype.getBoundingClientRect;
Element.prototype.getBoundingClientRect = function () {
  if (!window.isDrawn) window.sizesAsked.push("getBoundingClientRect");
  return box.call(this);
};
document.addEventListener("DOMContentLoaded", () => {
  window.wasAtStart = true;
  requestAnimationFrame(() => (window.isDrawn = true));
});
"""


@pytest.mark.parametrize("address", ["/ui/frame/list/", "/inbox/"])
def test_no_script_asks_for_sizes_before_the_page_is_drawn(browse, keeper, address):
    page = browse("/ui/", as_=keeper).context.new_page()  # pages are used again; scripts stay
    page.add_init_script(WATCH)
    page.goto(address)
    page.wait_for_function("window.wasAtStart && window.isDrawn")
    sizes_asked = page.evaluate("window.sizesAsked")
    page.close()
    assert sizes_asked == []


def test_letters_that_come_late_do_not_lay_a_page_out_again(browse, keeper):
    page = browse("/ui/frame/list/", as_=keeper)
    how = "[...document.fonts].filter(f => f.family.includes('Inter') && f.display !== 'auto')"
    assert page.evaluate(f"{how}.map(f => f.display)") == ["optional", "optional"]
