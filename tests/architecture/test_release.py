"""One number for a release: in the package, in the product, in the image and in the changelog."""

import re
import tomllib

from portal.settings import VERSION
from tests.architecture.tree import HOME

RELEASE = re.compile(r"^## (\d+\.\d+\.\d+) - \d{4}-\d{2}-\d{2}$", re.MULTILINE)


def test_the_number_of_the_release_is_the_same_everywhere():
    package = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["version"]
    compose = (HOME / "docker-compose.yml").read_text()
    releases = RELEASE.findall((HOME / "CHANGELOG.md").read_text())
    assert VERSION == package == releases[0]
    assert set(re.findall(r"TAGOUT_VERSION:-([\d.]+)", compose)) == {VERSION}
