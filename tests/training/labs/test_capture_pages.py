"""The list of captures and one of them: operations, filters, one frame in layers and bytes."""

import re

import pytest

from training.labs import queries
from training.pcap.summary import summarize

pytestmark = pytest.mark.django_db
CAPTURES = queries.FOLDER
TWO_WRITERS = "/training/captures/water-two-writers/"


@pytest.fixture
def see(client, sam, noon):
    client.force_login(sam)

    def get(path, status=200):
        response = client.get(path)
        assert response.status_code == status
        return response.content.decode()

    return get


def test_the_list_leads_to_every_capture_and_keeps_the_key_to_itself(see):
    page = see("/training/captures/")
    addresses = set(re.findall(r'href="(/training/captures/[a-z0-9-]+/)"', page))
    assert len(addresses) >= 12
    assert "Two writers at the water works" in page
    for address in sorted(addresses):
        opened = see(address)
        assert "ENG-WS-03: device identification, two refused" not in opened
        assert "<table" in opened and "<svg" in opened
    see("/training/captures/nothing/", status=404)
    assert page.count('href="/training/captures/" aria-current="page"') == 1
    assert 'href="/training/" aria-current="page"' not in page


def test_repeated_reads_share_a_row_and_each_answer_is_beside_its_request(see):
    page = see(TWO_WRITERS)
    assert "HMI-WTP-01" in page and "10:12:44.100" in page  # on the plant's clock
    assert page.count("Write single register") == 3
    assert re.search(r"Read holding registers, address 0, 10 of them\s+<b>×\d+</b>", page)
    assert "exception 2, illegal data address" in page
    assert re.search(r"\d\.\d ms", page)


def test_the_story_is_folded_until_it_is_asked_for(see):
    page = see(TWO_WRITERS)
    (folded,) = re.findall(r'<details class="detail-more">(.*?)</details>', page, re.DOTALL)
    assert "its operator raises the" in folded
    assert page.count("its operator raises the") == 1


@pytest.mark.parametrize("entry", queries.list_captures(), ids=lambda entry: entry.name)
def test_operations_that_share_a_row_are_counted_one_by_one(entry):
    read = queries.read_capture(entry.name).conversations
    counted = [sum(conversation.kinds.values()) for conversation in read]
    conversations = summarize(entry.path).conversations.values()
    assert counted == [conversation.operations for conversation in conversations]


def test_values_are_covered_until_they_are_asked_for(see):
    covered = see(f"{TWO_WRITERS}?frame=52")
    assert "•••• " not in covered and "value hidden" in covered
    assert ">650<" not in covered and "02 8a" not in covered
    shown = see(f"{TWO_WRITERS}?frame=52&values=shown")
    assert ">650<" in shown and "02 8a" in shown and "value hidden" not in shown


def test_the_filter_leaves_kinds_and_one_conversation(see):
    writes = see(f"{TWO_WRITERS}?kind=write")
    assert writes.count('class="op op-') == writes.count('class="op op-write"') == 4
    odd = see(f"{TWO_WRITERS}?kind=write&conversation=3")
    assert odd.count('class="op op-write"') == 3
    nothing = see(f"{TWO_WRITERS}?kind=write&conversation=2")
    assert "Nothing in this capture passes the filter." in nothing
    for odd in ("kind=no&conversation=99&frame=0&at=x-y", f"frame=0000000019999&at=1-{'9' * 30}"):
        assert see(f"{TWO_WRITERS}?{odd}").count("op op-write") == 4


def test_a_frame_shows_its_layers_its_bytes_and_its_neighbours(see):
    page = see(f"{TWO_WRITERS}?frame=52&at=61-1")
    assert "Frame 52 of 148" in page
    assert "Write single register (6)" in page
    assert '<span class="dump-picked">06 </span>' in page
    assert "frame=51#frame" in page and "frame=53#frame" in page
    assert "frame=0" not in see(f"{TWO_WRITERS}?frame=1")
    assert "frame=149" not in see(f"{TWO_WRITERS}?frame=148")


def test_the_file_can_be_taken_away(client, see):
    response = client.get(f"{TWO_WRITERS}file/")
    assert b"".join(response.streaming_content)[:4] == b"\xd4\xc3\xb2\xa1"
    assert 'filename="water-two-writers.pcap"' in response["Content-Disposition"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(queries, "FOLDER", tmp_path)
    caches = (queries.list_captures, queries.read_capture)
    for cached in caches:
        cached.cache_clear()
    yield tmp_path
    for cached in caches:
        cached.cache_clear()


def test_without_captures_the_list_says_so_and_a_broken_file_says_why(see, folder):
    assert "This installation has no captures of the lessons." in see("/training/captures/")
    queries.list_captures.cache_clear()
    name = "water-two-writers"
    listing = (CAPTURES / "captures.yaml").read_text(encoding="utf-8")
    (folder / "captures.yaml").write_text(listing, encoding="utf-8")
    (folder / f"{name}.pcap").write_bytes(b"MZ this is something else")
    page = see(f"/training/captures/{name}/", status=500)
    assert "This capture cannot be read." in page and "it begins with 4d 5a" in page


def test_german_has_no_english_left_but_the_stories_and_protocol_words(see, client):
    page = client.get(TWO_WRITERS, headers={"accept-language": "de"}).content.decode()
    for word in ("Operations", "Conversations", "In plain words", "Show values", "Next frame"):
        assert f">{word}<" not in page and f'"{word}"' not in page
    assert "Mitschnitte" in page and "Schreiben" in page


def test_a_capture_of_a_lesson_opens_with_its_story_or_alone(see, client, take_over):
    from training.catalog.models import LessonCapture, Module

    take_over()
    module, data = Module.objects.get(), (CAPTURES / "water-two-writers.pcap").read_bytes()
    for name in ("water-two-writers.pcap", "own.pcap", "broken.pcap"):
        kept = b"MZ" if name == "broken.pcap" else data
        LessonCapture.objects.create(module=module, name=name, sha256=name, data=kept)
    address = f"/training/{module.slug}/captures"
    listed = client.get(f"{address}/water-two-writers.pcap/view/")
    assert (listed.status_code, listed["Location"]) == (302, TWO_WRITERS)
    own = see(f"{address}/own.pcap/view/?frame=52")
    assert "Frame 52 of 148" in own and "10.20.31.17" in own
    assert f'href="/training/{module.slug}/captures/own.pcap"' in own
    assert "This capture cannot be read." in see(f"{address}/broken.pcap/view/", status=500)
    see(f"{address}/nothing.pcap/view/", status=404)
