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


def said(template):
    ends = template.source.name or template.source.passing, template.destination.name
    return f"{template.type.title}: {ends} {template.protocol} {template.port}"


def test_every_port_is_that_of_its_protocol(templates):
    for each in templates:
        assert each.port in PORTS.get(each.protocol, {None}), said(each)


def test_devices_are_spoken_to_in_what_they_speak(templates):
    for each in templates:
        device = each.destination.device
        if device is None or each.protocol in MADE_FOR_ALL:
            continue
        source = each.source.device
        answering = source is not None and source.role in ANSWERED_BY_THE_SOURCE
        if each.type.title in REPORTS_AN_ANSWER:
            device = source
        assert each.protocol in device.protocols or answering, said(each)


def test_an_exception_goes_from_the_device_that_refused_to_the_one_that_asked(templates):
    found = [each for each in templates if each.type.title == "Modbus Exception"]
    asking = {"scada", "reporting", "edge"}
    assert {each.truth.process for each in found} == {"patient-scan", "wrong-poll"}
    for each in found:
        assert each.destination.device.role in asking, said(each)
        assert each.source.device.role not in asking, said(each)
        assert each.zone == each.source.device.zone, said(each)


def test_no_malware_travels_over_an_industrial_protocol(templates):
    found = [each for each in templates if each.type.engine == "MALWARE"]
    assert found
    for each in found:
        assert each.protocol not in INDUSTRIAL, said(each)


def test_nothing_industrial_leaves_the_plant(templates):
    outside = [each for each in templates if each.destination.name and not each.destination.zone]
    assert outside
    for each in outside:
        assert each.protocol in {"DNS", "HTTP", "HTTPS", "MQTT"}, said(each)


def test_what_no_router_passes_on_stays_in_one_segment(templates):
    found = [
        each for each in templates if each.protocol in WITHIN_A_SEGMENT and each.destination.zone
    ]
    assert {each.protocol for each in found} >= {"ARP", "IEC 61850 GOOSE", "PROFINET"}
    for each in found:
        assert each.source.zone == each.destination.zone, said(each)


def test_windows_services_are_asked_of_windows(templates):
    for each in templates:
        if each.protocol in {"SMB", "RPC"} and each.destination.device:
            assert each.destination.device.os.startswith("Windows"), said(each)


def test_programs_go_to_controllers_and_come_from_stations_backups_or_jump_hosts(templates):
    honest = {"eng", "sis-eng", "rig-eng", "backup", "jump"}
    for each in templates:
        if "PLC Program" not in each.type.title:
            continue
        assert each.destination.device.sub_type in {"PLC", "Safety Controller"}, said(each)
        assert each.source.device.role in honest or each.truth.attack, said(each)


def test_vendors_come_through_the_jump_host_and_the_scanner_scans(templates):
    for each in templates:
        if each.truth.process in {"vendor-visit", "overstaying-vendor"}:
            assert each.source.device.role == "jump", said(each)
        if each.truth.process == "scanner":
            assert each.source.device.role == "scanner", said(each)


def test_a_titles_maker_is_in_the_plant(templates):
    """No Beckhoff command to a controller of somebody else."""
    makers = {"Siemens": "Siemens", "Beckhoff": "Beckhoff"}
    for each in templates:
        for word, vendor in makers.items():
            if word in f"{each.type.title} {each.user_title}" and each.destination.device:
                assert each.destination.device.vendor == vendor, said(each)


def test_no_product_goes_by_a_name_of_the_past(plant, small):
    """Sentinel itself still writes "Azure Security Center for IoT" for Defender for IoT."""
    past = ("Advanced Threat Protection", "Azure AD", "Azure Active Directory", "365 Defender")
    for case in small:
        names = case.properties["additionalData"]["alertProductNames"]
        assert not any(word in name for name in names for word in past), names
    assert not any(word in str(table("fleet")) for word in past)
