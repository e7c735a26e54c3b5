"""What an OT engineer who reads every alert would believe: who speaks what, to whom, and where."""

import pytest

from simulator.plant.fleet import table

# Written down once more, apart from the plant's own table: a slip there must not hide itself.
PORTS = {
    "BACnet": {47808},
    "Beckhoff AMS": {48898},
    "CIP": {44818},
    "CODESYS V3": {11740},
    "DNP3": {20000},
    "DNS": {53},
    "DNS/NetBIOS": {137},
    "EtherNet/IP": {44818},
    "FTP": {21},
    "HTTP": {80, 8530},
    "HTTPS": {443},
    "IEC 60870-5-104": {2404},
    "IEC 61850 MMS": {102},
    "MQTT": {8883},
    "Modbus/TCP": {502},
    "OPC UA": {4840},
    "RPC": {135},
    "SMB": {445},
    "SNMP": {161},
    "SQL (TDS/TNS)": {1433},
    "SSH": {22},
    "Siemens S7": {102},
    "Siemens S7-Plus": {102},
    "Telnet": {23},
}
WITHIN_A_SEGMENT = {"ARP", "IEC 61850 GOOSE", "LLDP", "PROFINET"}  # no router passes these on
INDUSTRIAL = {
    *("Siemens S7", "Siemens S7-Plus", "CIP", "EtherNet/IP", "Modbus/TCP", "DNP3", "PROFINET"),
    *("IEC 60870-5-104", "IEC 61850 MMS", "IEC 61850 GOOSE", "Beckhoff AMS", "CODESYS V3"),
}
MADE_FOR_ALL = {"", "ICMP", "ARP", "DHCP", "DNS", "DNS/NetBIOS"}
# The one that answers: what it listens to must be in its inventory.
ANSWERED_BY_THE_SOURCE = {"rtu", "bms", "relay"}
REPORTS_AN_ANSWER = {"Modbus Exception"}


@pytest.fixture(scope="module")
def templates(plant):
    return plant._book.templates


def alert_text(template):
    ends = template.source.name or template.source.passing, template.destination.name
    return f"{template.type.title}: {ends} {template.protocol} {template.port}"


def test_every_port_is_that_of_its_protocol(templates):
    for template in templates:
        assert template.port in PORTS.get(template.protocol, {None}), alert_text(template)


def test_devices_are_spoken_to_in_what_they_speak(templates):
    for template in templates:
        device = template.destination.device
        if device is None or template.protocol in MADE_FOR_ALL:
            continue
        source = template.source.device
        answering = source is not None and source.role in ANSWERED_BY_THE_SOURCE
        if template.type.title in REPORTS_AN_ANSWER:
            device = source
        assert template.protocol in device.protocols or answering, alert_text(template)


def test_an_exception_goes_from_the_device_that_refused_to_the_one_that_asked(templates):
    exceptions = [template for template in templates if template.type.title == "Modbus Exception"]
    asking = {"scada", "reporting", "edge"}
    assert {template.truth.process for template in exceptions} == {"patient-scan", "wrong-poll"}
    for template in exceptions:
        assert template.destination.device.role in asking, alert_text(template)
        assert template.source.device.role not in asking, alert_text(template)
        assert template.zone == template.source.device.zone, alert_text(template)


def test_no_malware_travels_over_an_industrial_protocol(templates):
    malware = [template for template in templates if template.type.engine == "MALWARE"]
    assert malware
    for template in malware:
        assert template.protocol not in INDUSTRIAL, alert_text(template)


def test_nothing_industrial_leaves_the_plant(templates):
    outside = [
        template
        for template in templates
        if template.destination.name and not template.destination.zone
    ]
    assert outside
    for template in outside:
        assert template.protocol in {"DNS", "HTTP", "HTTPS", "MQTT"}, alert_text(template)


def test_what_no_router_passes_on_stays_in_one_segment(templates):
    local = [
        template
        for template in templates
        if template.protocol in WITHIN_A_SEGMENT and template.destination.zone
    ]
    assert {template.protocol for template in local} >= {"ARP", "IEC 61850 GOOSE", "PROFINET"}
    for template in local:
        assert template.source.zone == template.destination.zone, alert_text(template)


def test_windows_services_are_asked_of_windows(templates):
    for template in templates:
        if template.protocol in {"SMB", "RPC"} and template.destination.device:
            assert template.destination.device.os.startswith("Windows"), alert_text(template)


def test_programs_go_to_controllers_and_come_from_stations_backups_or_jump_hosts(templates):
    honest = {"eng", "sis-eng", "rig-eng", "backup", "jump"}
    for template in templates:
        if "PLC Program" not in template.type.title:
            continue
        assert template.destination.device.sub_type in {"PLC", "Safety Controller"}, alert_text(
            template
        )
        assert template.source.device.role in honest or template.truth.attack, alert_text(template)


def test_vendors_come_through_the_jump_host_and_the_scanner_scans(templates):
    for template in templates:
        if template.truth.process in {"vendor-visit", "overstaying-vendor"}:
            assert template.source.device.role == "jump", alert_text(template)
        if template.truth.process == "scanner":
            assert template.source.device.role == "scanner", alert_text(template)


def test_a_titles_maker_is_in_the_plant(templates):
    """No Beckhoff command to a controller of somebody else."""
    makers = {"Siemens": "Siemens", "Beckhoff": "Beckhoff"}
    for template in templates:
        for word, vendor in makers.items():
            if (
                word in f"{template.type.title} {template.user_title}"
                and template.destination.device
            ):
                assert template.destination.device.vendor == vendor, alert_text(template)


def test_no_product_goes_by_a_name_of_the_past(plant, small):
    """Sentinel itself still writes "Azure Security Center for IoT" for Defender for IoT."""
    past = ("Advanced Threat Protection", "Azure AD", "Azure Active Directory", "365 Defender")
    for case in small:
        names = case.properties["additionalData"]["alertProductNames"]
        assert not any(word in name for name in names for word in past), names
    assert not any(word in str(table("fleet")) for word in past)
