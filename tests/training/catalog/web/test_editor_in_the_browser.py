"""The lesson editor in a real browser: by keyboard, on a phone, in both themes."""

import pytest
from playwright.sync_api import expect

from tests.bars import bar_faults_of_each, right_margin
from tests.factories import lessons
from training.catalog.models import Lesson

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_lesson_is_mended_and_published_by_keyboard(browse, author, lesson, noon):
    page = browse("/authoring/modules/first-module/", as_=author)
    page.get_by_role("link", name="One stop").focus()
    page.keyboard.press("Enter")
    text = page.get_by_label("Text", exact=True)
    expect(text).to_have_value(lessons.LESSON)
    assert right_margin(page) < 40, "no dead space at the right"
    text.fill(lessons.LESSON.replace("The phone rings.", "The <b>phone</b> rings."))
    page.get_by_role("button", name="Save and check").focus()
    page.keyboard.press("Enter")
    fault = page.get_by_role("link", name="Line 9, column 5")
    expect(fault).to_be_visible()
    fault.focus()
    page.keyboard.press("Enter")
    expect(text).to_be_focused()
    chosen = text.evaluate("each => each.value.slice(each.selectionStart, each.selectionEnd)")
    assert chosen.startswith("<b>phone</b> rings.")
    edit, module = page.url, page.url.partition("file/")[0]
    text.fill(lessons.LESSON.replace("The phone rings.", "The red phone rings."))
    page.get_by_role("button", name="Save and see the changes").click()
    expect(page.get_by_role("button", name="Publish 1 file")).to_be_visible()
    page.get_by_role("button", name="Publish 1 file").click()
    expect(page.get_by_text("Published: 1 file.")).to_be_visible()
    assert "The red phone rings." in Lesson.objects.get().body[0]["html"]
    faulty = browse(edit, as_=author)
    text = faulty.get_by_label("Text", exact=True)
    text.fill(lessons.LESSON.replace("The phone rings.", "The <b>phone</b> rings."))
    faulty.get_by_role("button", name="Save and check").click()
    expect(faulty.get_by_role("link", name="Line 9, column 5")).to_be_visible()
    changes = edit.partition("modules/")[0] + "changes/"
    paths = edit.partition("modules/")[0] + "paths/"
    assert bar_faults_of_each(faulty, module, edit, changes, paths) == []
