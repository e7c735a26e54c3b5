"""The scenarios, one function a capture, in the order of the list of captures."""

from collections.abc import Callable

from tools.capture_writer.scenario import Scenario
from tools.capture_writer.scenarios import operations, process_lines, utilities, water

SCENARIOS: tuple[Callable[[], Scenario], ...] = (
    water.two_writers,
    process_lines.upload_and_download,
    water.two_restarts,
    process_lines.firmware_and_replacement,
    utilities.building_scan,
    utilities.select_and_execute,
    operations.historian_and_notebook,
    process_lines.two_new_names,
    utilities.two_trips,
    process_lines.four_stops,
    operations.night_scans,
    water.change_of_masters,
)
