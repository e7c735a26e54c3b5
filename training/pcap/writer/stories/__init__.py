"""The stories, one function a capture; the list that the lessons draw from."""

from collections.abc import Callable

from training.pcap.writer.story import Story

from . import lines, operations, utilities, water

STORIES: tuple[Callable[[], Story], ...] = (
    water.two_writers,
    lines.upload_and_download,
    water.two_restarts,
    lines.firmware_and_replacement,
    utilities.building_scan,
    utilities.select_and_execute,
    operations.historian_and_notebook,
    lines.two_new_names,
    utilities.two_trips,
    lines.four_stops,
    operations.night_scans,
    water.change_of_masters,
)
