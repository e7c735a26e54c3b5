"""The inventory is large enough, consistent, and stands still."""

from ipaddress import ip_address, ip_network

from simulator.plant.catalogue import alert_types
from simulator.plant.fleet import table
from simulator.plant.plant import Plant


def test_two_sites_three_workspaces_and_about_260_devices(plant):
    assert {site.time_zone for site in plant.sites} == {"Europe/Warsaw", "Europe/Lisbon"}
    names = [workspace.name for workspace in plant.workspaces]
    assert names == ["law-ot-gdansk", "law-ot-porto", "law-ot-central"]
    assert 250 <= len(plant.devices) <= 270
    assert len({device.name for device in plant.devices}) == len(plant.devices)
    assert len({device.mac for device in plant.devices}) == len(plant.devices)


def test_every_device_has_an_address_in_its_zone_or_only_a_mac(plant):
    zones = {(site.key, zone.name): zone for site in plant.sites for zone in site.zones}
    for device in plant.devices:
        subnet = zones[device.site, device.zone].subnet
        assert device.ip is None or ip_address(device.ip) in ip_network(subnet)
    keys = {(device.site, device.zone, device.address) for device in plant.devices}
    assert len(keys) == len(plant.devices)
    assert any(device.ip is None for device in plant.devices)


def test_an_address_alone_does_not_name_a_device(plant):
    addresses = [device.address for device in plant.devices]
    assert len(set(addresses)) < len(addresses)


def test_safety_systems_and_crown_jewels_are_marked(plant):
    by_name = {device.name: device for device in plant.devices}
    assert by_name["PLC-PL1-01"].criticality == "crown jewel"
    assert by_name["SIS-GD-01"].criticality == "safety"
    assert by_name["ENG-WS-01"].is_programming
    assert not by_name["ENG-WS-04"].is_programming
    assert by_name["SCAN-GD-01"].is_scanner


def test_names_and_addresses_do_not_depend_on_the_seed(plant):
    other = Plant(seed=99)
    assert [(d.name, d.ip) for d in other.devices] == [(d.name, d.ip) for d in plant.devices]
    assert other.workspaces == plant.workspaces


def test_every_word_of_the_tables_stands_for_something(plant):
    book = plant._book
    rows = table("processes")["process"] + table("attacks")["attack"]
    for process in rows:
        for stream in process["streams"]:
            engines = {alert_types()[t.split("#")[0]].engine for t in stream["titles"]}
            assert len(engines) == 1 or "part" in stream, process["name"]
            for word in stream["from"] + stream["to"]:
                sides = [side for site in ("gdansk", "porto") for side in book.sides(site, word)]
                assert sides, (process["name"], word)


def test_every_routine_cause_of_the_plant_has_flows_that_run(plant):
    causes = {process.get("cause") for process in table("processes")["process"]} - {None}
    assert len(causes) == 36
    assert {template.cause for template in plant._book.templates} >= causes
