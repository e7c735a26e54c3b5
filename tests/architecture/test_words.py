"""The catalogues of words are whole: every sentence, its places and its plural."""

import os
import re
import shutil
import subprocess
import sys

import polib
import pytest

from tests.architecture.tree import HOME, WINGS

CATALOGUES = sorted((HOME / "locale").glob("*/LC_MESSAGES/*.po"))
SINGLE_AND_PLURAL = 2
_PLACE = re.compile(r"%\(\w+\)[a-z]|%%s|%%|%[sd]|</?\w+>")

each_catalogue = pytest.mark.parametrize(
    "path", CATALOGUES, ids=lambda path: path.parent.parent.name
)


def _ids(catalogue: polib.POFile) -> set[tuple[str, str, str]]:
    return {(entry.msgctxt or "", entry.msgid, entry.msgid_plural) for entry in catalogue}


def _places(sentence: str) -> list[str]:
    return sorted(_PLACE.findall(sentence))


def test_german_is_there():
    assert "de" in {path.parent.parent.name for path in CATALOGUES}


@each_catalogue
def test_every_sentence_is_translated_and_none_is_a_guess(path):
    catalogue = polib.pofile(str(path))
    open_ones = [*catalogue.untranslated_entries(), *catalogue.fuzzy_entries()]
    assert [entry.msgid for entry in open_ones] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


@each_catalogue
def test_a_translation_has_the_places_of_its_sentence(path):
    wrong = []
    for entry in polib.pofile(str(path)):
        texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        possible = [_places(entry.msgid), _places(entry.msgid_plural or entry.msgid)]
        wrong += [(entry.msgid, text) for text in texts if _places(text) not in possible]
    assert wrong == []


@each_catalogue
def test_a_plural_has_all_its_forms(path):
    catalogue = polib.pofile(str(path))
    assert f"nplurals={SINGLE_AND_PLURAL};" in catalogue.metadata["Plural-Forms"]
    plurals = [entry for entry in catalogue if entry.msgid_plural]
    short = [entry.msgid for entry in plurals if len(entry.msgstr_plural) != SINGLE_AND_PLURAL]
    assert short == []


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """The sentences that pages and programs hold now, as gettext finds them."""
    if shutil.which("xgettext") is None:
        stop = pytest.fail if os.environ.get("BROWSER_REQUIRED") else pytest.skip
        stop("No gettext on this machine: whether the catalogues are up to date is not known.")
    place = tmp_path_factory.mktemp("words")
    (place / "locale").mkdir()
    for name in (*WINGS, "templates"):
        (place / name).symlink_to(HOME / name)
    command = [sys.executable, "-m", "django", "makemessages", "-l", "de", "--no-location", "-s"]
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=place, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return _ids(polib.pofile(str(place / "locale" / "de" / "LC_MESSAGES" / "django.po")))


@each_catalogue
def test_the_catalogue_holds_what_is_said_now_and_nothing_else(path, extracted):
    kept = _ids(polib.pofile(str(path)))
    assert sorted(extracted - kept) == [], "renew the catalogue; its first lines say how"
    assert sorted(kept - extracted) == [], "nobody says this any more"
